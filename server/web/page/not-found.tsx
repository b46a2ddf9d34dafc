import { Link } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import { PageHead } from '../component/page-head.tsx'
import { Empty } from '../component/section.tsx'

export function NotFoundPage(): ReactNode {
  return (
    <>
      <PageHead title="Not found" />
      <Empty>
        There is no page at this address. <Link to="/">To the overview</Link>
      </Empty>
    </>
  )
}
