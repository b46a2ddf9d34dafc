/** What every resource type is put through on a real host. */
import { expect } from 'vitest'
import type { CatalogResource } from '../../schemas/generated/types.ts'
import type { OnHost } from './on-host.ts'

export interface ConvergeCase {
  readonly title: string
  readonly resources: () => readonly CatalogResource[]
  /** Breaks it by hand, with an ordinary command. */
  readonly drift: readonly string[]
  /** Id and property that the drift shows up as. */
  readonly shows: readonly [id: string, property: string]
  /** A command whose output shows that it is as wanted. */
  readonly look: readonly string[]
  readonly seen: string
}

/** Converged from bare; a second run changes nothing; broken by hand, seen as drift and left; corrected; holds again. */
export async function checkCase(
  host: OnHost,
  { resources, drift, shows, look, seen }: ConvergeCase,
): Promise<void> {
  const first = await host.apply(resources())
  expect(
    first.report.resources.filter(({ outcome }) => outcome === 'failed'),
    JSON.stringify(first.report),
  ).toEqual([])
  // 0 where nothing was to be done, as for what is to be absent.
  expect([0, 2], JSON.stringify(first.report)).toContain(first.code)
  expect(await host.output(look)).toBe(seen)
  const second = await host.apply(resources())
  expect(second, JSON.stringify(second.report.resources)).toMatchObject({
    code: 0,
    report: { status: 'in-sync' },
  })

  await host.output(drift)
  const left = await host.apply(resources(), { drift: 'report' })
  const drifted = left.report.resources.find(({ id }) => id === shows[0])
  expect(left.report.status, JSON.stringify(left.report)).toBe('drifted')
  expect(drifted).toMatchObject({ outcome: 'drifted', cause: 'drift' })
  expect(drifted?.changes.map(({ property }) => property)).toContain(shows[1])

  const corrected = await host.apply(resources())
  expect(corrected, JSON.stringify(corrected.report)).toMatchObject({
    code: 2,
    report: { status: 'changed' },
  })
  expect(await host.output(look)).toBe(seen)
  expect((await host.apply(resources())).code).toBe(0)
}
