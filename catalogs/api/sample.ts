/** The host that there is not: what a check, and a test, compiles roles for. Pure. */

export { sampleFacts } from '../../schemas/sample-facts.ts'

/** @example sampleHost('web-*') // 'web-1' */
export function sampleHost(pattern: string): string {
  return pattern.replace('*', pattern === '*' ? 'host-1' : '1').replaceAll('*', '')
}
