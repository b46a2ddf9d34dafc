/** A site's packages, as its lockfile has them: npm, kept from running anything that the site brings. */
import { readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { toError } from '../../schemas/errors.ts'
import type { SiteProblem } from '../http/view.ts'
import { lockfileProblems, neededPackages } from './lockfile.ts'
import { type ProgramEnd, plainEnvironment, runProgram } from './program.ts'

const lockfile = 'package-lock.json'
const defaultTimeoutMs = 300_000

/**
 * Gives the function that installs what the lockfile in a folder asks for, and removes what could steer npm there. It
 * answers with what is wrong.
 */
export function createInstaller({
  cacheDir,
  timeoutMs = defaultTimeoutMs,
}: {
  /** For what was downloaded. Absent: npm's own of this user. */
  readonly cacheDir?: string
  readonly timeoutMs?: number
}): (dir: string) => Promise<readonly SiteProblem[]> {
  return async (dir) => {
    const lock = await readLock(dir)
    if ('message' in lock) return [problem(`Cannot read the lockfile: ${lock.message}`)]
    const wrong = lockfileProblems(lock.value)
    if (wrong.length > 0) return wrong.map((message) => problem(message))
    if (neededPackages(lock.value).length === 0) return []
    // It could name a program to run as git, or a server to send the environment to.
    await rm(join(dir, '.npmrc'), { force: true })
    const ended = await runProgram(['npm', 'ci', ...npmOptions(cacheDir)], {
      cwd: dir,
      env: plainEnvironment(),
      timeoutMs,
    })
    if (ended.code !== 0)
      return [problem(`Cannot install the site's packages: ${reasonOf(ended)}`, retryHint)]
    for (const own of ['rekindle', '.bin']) {
      await rm(join(dir, 'node_modules', own), { recursive: true, force: true })
    }
    return []
  }
}

const retryHint =
  'It is tried again. What npm needs besides the lockfile is said in the .npmrc of the server’s user'

function npmOptions(cacheDir: string | undefined): readonly string[] {
  return [
    ...[
      '--ignore-scripts',
      '--omit=dev',
      '--no-audit',
      '--no-fund',
      '--no-update-notifier',
      '--loglevel=error',
    ],
    ...['--no-progress', '--no-color', '--fetch-retries=1', '--fetch-retry-mintimeout=1000'],
    ...(cacheDir === undefined ? [] : [`--cache=${cacheDir}`, '--prefer-offline']),
  ]
}

async function readLock(dir: string): Promise<{ readonly value: unknown } | { readonly message: string }> {
  try {
    return { value: JSON.parse(await readFile(join(dir, lockfile), 'utf8')) }
  } catch (error) {
    return { message: toError(error).message }
  }
}

/** npm's own words, without its prefix and where it logged them. */
function reasonOf({ cut, stderr, code }: ProgramEnd): string {
  if (cut !== undefined) return cut
  const lines = stderr
    .split('\n')
    .map((line) => line.replace(/^npm (?:error|ERR!)\s*/, '').trim())
    .filter((line) => line !== '' && !/complete log of this run|^npm warn/.test(line))
  return lines.slice(0, 6).join(' ') || `npm ended with ${code}`
}

function problem(message: string, hint: string | null = null): SiteProblem {
  return { message, where: lockfile, hint }
}
