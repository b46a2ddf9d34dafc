/**
 * `npm test`: every test, quickest first (unit, integration, real hosts), then one line for all of them:
 * `N passed, N failed, N skipped`. Arguments go to vitest, such as a file's name or `-t "a test"`.
 */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { installPrerequisites } from './lab/prerequisites.ts'

const root = join(import.meta.dirname, '..')

interface VitestSummary {
  readonly numPassedTests: number
  readonly numFailedTests: number
  readonly numPendingTests: number
  readonly numTodoTests: number
  readonly numFailedTestSuites: number
}

interface Count {
  passed: number
  failed: number
  skipped: number
}

function runProject(project: string, extra: readonly string[], dir: string): Count {
  const file = join(dir, `${project}.json`)
  const args = [
    'run',
    '--project',
    project,
    '--passWithNoTests',
    '--reporter=default',
    '--reporter=json',
    `--outputFile.json=${file}`,
  ]
  const vitest = join(root, 'node_modules', 'vitest', 'vitest.mjs')
  const { status } = spawnSync(process.execPath, [vitest, ...args, ...extra], {
    cwd: root,
    stdio: ['ignore', 'inherit', 'inherit'],
  })
  const summary = JSON.parse(readFileSync(file, 'utf8')) as VitestSummary
  // A file that could not be loaded, or a leak found after the last test, fails with no test of its own.
  const outside = status !== 0 && summary.numFailedTests === 0 ? Math.max(1, summary.numFailedTestSuites) : 0
  return {
    passed: summary.numPassedTests,
    failed: summary.numFailedTests + outside,
    skipped: summary.numPendingTests + summary.numTodoTests,
  }
}

function main(extra: readonly string[]): void {
  installPrerequisites()
  const dir = mkdtempSync(join(tmpdir(), 'rekindle-test-'))
  const total: Count = { passed: 0, failed: 0, skipped: 0 }
  try {
    for (const project of ['unit', 'integration', 'host']) {
      const count = runProject(project, extra, dir)
      total.passed += count.passed
      total.failed += count.failed
      total.skipped += count.skipped
    }
  } finally {
    rmSync(dir, { recursive: true, force: true })
  }
  console.log(`${total.passed} passed, ${total.failed} failed, ${total.skipped} skipped`)
  process.exitCode = total.failed > 0 || total.passed === 0 ? 1 : 0
}

main(process.argv.slice(2))
