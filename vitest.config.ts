import { defineConfig } from 'vitest/config'

/**
 * Three projects: `unit` needs nothing, `integration` starts real servers and child processes on loopback,
 * `host` boots real systemd hosts (root and systemd-nspawn) and so runs one file at a time.
 */
export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: 'unit',
          include: ['{schemas,catalogs,agent,server,bin,docs}/**/*.test.ts', 'test/*.test.ts'],
          // A site's own tests run in a site: server/author/init.integration.test.ts.
          exclude: ['**/node_modules/**', '**/*.integration.test.ts', 'catalogs/starter/**'],
        },
      },
      {
        test: {
          name: 'integration',
          include: ['**/*.integration.test.ts', 'test/e2e/**/*.test.ts'],
          exclude: ['**/node_modules/**'],
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      },
      {
        test: {
          name: 'host',
          include: ['test/host/**/*.test.ts'],
          fileParallelism: false,
          testTimeout: 180_000,
          hookTimeout: 300_000,
        },
      },
    ],
  },
})
