/** Which parts of a site a test run has been through. Noted only where the coverage plugin has set up the place for it. */

/** Names the place on the global object; code of the site that the plugin instrumented notes there too. */
export const hitsName = '__rekindleHits'

export function noteHit(hit: string): void {
  const hits: unknown = Reflect.get(globalThis, hitsName)
  if (hits instanceof Set) hits.add(hit)
}

export function roleHit(name: string): string {
  return `role ${name}`
}

/** As vitest gives it. */
type AfterAll = (done: (context: object, tests: { readonly meta: object }) => void) => void

/**
 * For the setup of a site's tests: from now on, what is gone through is noted, and handed over when a test file ends.
 *
 * @example collectCoverage(afterAll)
 */
export function collectCoverage(afterAll: AfterAll): void {
  const hits = new Set<string>()
  Reflect.set(globalThis, hitsName, hits)
  // biome-ignore lint/correctness/noEmptyPattern: vitest reads here which of its fixtures are wanted
  afterAll(({}, { meta }) => {
    Object.assign(meta, { rekindle: [...hits] })
  })
}
