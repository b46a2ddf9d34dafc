/** Teaches vitest about catalogs, and hands on what the tests came to. */
import { type CatalogMatchers, catalogMatchers, catalogSerializer, collectCoverage } from 'rekindle/testing'
import { afterAll, expect } from 'vitest'

declare module 'vitest' {
  interface Matchers extends CatalogMatchers {}
}

expect.extend(catalogMatchers)
expect.addSnapshotSerializer(catalogSerializer)

collectCoverage(afterAll)
