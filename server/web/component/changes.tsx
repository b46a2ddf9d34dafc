import type { ReactNode } from 'react'
import type { Change } from '../../../schemas/generated/types.ts'
import { Diff } from './diff.tsx'

/** What differs: a diff where there is one, else each property with what was found and what is wanted. */
export function Changes({
  changes,
  of,
  fold,
}: {
  changes: readonly Change[]
  of: string
  fold?: number
}): ReactNode {
  const plain = changes.filter(({ diff }) => diff === undefined)
  return (
    <>
      {plain.length > 0 && (
        <dl className="changes">
          {plain.map(({ property, from, to }) => (
            <div key={property}>
              <dt>{property}</dt>
              <dd>
                <span className="removed">
                  <span aria-hidden="true">−</span> found <Value of={from} />
                </span>
                <span className="added">
                  <span aria-hidden="true">+</span> wanted <Value of={to} />
                </span>
              </dd>
            </div>
          ))}
        </dl>
      )}
      {changes.map(
        ({ property, diff }) =>
          diff !== undefined && (
            <Diff
              key={property}
              diff={diff}
              label={`${property} of ${of}`}
              {...(fold !== undefined && { fold })}
            />
          ),
      )}
    </>
  )
}

function Value({ of }: { of: string | null }): ReactNode {
  if (of === null) return <em>nothing</em>
  return <code>{of === '' ? '(empty)' : of}</code>
}
