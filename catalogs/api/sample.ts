/** The host that there is not: what a check, and a test, compiles roles for. Pure. */

export { sampleFacts } from '../../schemas/sample-facts.ts'
