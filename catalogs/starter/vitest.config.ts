import { siteCoverage } from 'rekindle/testing/vitest'
import { defineConfig } from 'vitest/config'

export default defineConfig({
  plugins: [siteCoverage({ threshold: 80 })],
  test: { setupFiles: ['tests/setup.ts'] },
})
