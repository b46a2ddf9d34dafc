/** What apt and dpkg are asked, beside the database that is read as a file. Changes nothing. */
import { RekindleError } from '../../schemas/errors.ts'
import {
  aptComplaint,
  oneLine,
  parseCandidates,
  parseChangedConfigFiles,
  parseOwned,
  parseRemovals,
  parseVersions,
} from './apt-answer.ts'
import { aptGet, environment, readTimeoutMs, writeTimeoutMs } from './apt-command.ts'
import type { Exec } from './exec.ts'

export interface AptQuestions {
  /** What `apt-get install` would install, by name, from that release where one is given; names that apt does not know are absent. */
  candidates(names: readonly string[], release?: string): Promise<ReadonlyMap<string, string | null>>
  /** All versions that could be installed, by name; names that apt does not know are absent. */
  versions(names: readonly string[]): Promise<ReadonlyMap<string, readonly string[]>>
  /** What is in a package file. @throws RekindleError `resource-unreadable` */
  inFile(path: string): Promise<{ readonly name: string; readonly version: string }>
  /** Names of what a removal would remove, what needs it included. Changes nothing. */
  removals(names: readonly string[]): Promise<readonly string[]>
  /** Names of the packages that a person asked for, not those that came with them. */
  chosen(): Promise<readonly string[]>
  /** Those of the paths that a package has brought; also one of which only configuration files are left. */
  owned(paths: readonly string[]): Promise<ReadonlySet<string>>
  /** Configuration files of packages that were changed by hand. Looks at every file of every package. */
  changedConfigFiles(): Promise<readonly string[]>
}

export function createAptQuestions(exec: Exec): AptQuestions {
  const ask = (argv: readonly string[], timeoutMs = readTimeoutMs) =>
    exec.run(argv, { env: environment, timeoutMs })
  return {
    candidates: async (names, release) => {
      if (names.length === 0) return new Map()
      const from = release === undefined ? [] : [`--option=APT::Default-Release=${release}`]
      const argv = ['apt-cache', ...from, 'policy', '--', ...names]
      const result = await ask(argv)
      if (result.code === 0) return parseCandidates(result.stdout)
      throw new RekindleError({
        code: 'resource-unreadable',
        message: `Cannot tell the candidate versions: apt-cache answers "${aptComplaint(result)}"`,
      })
    },
    versions: async (names) => {
      if (names.length === 0) return new Map()
      const { stdout } = await ask(['apt-cache', 'madison', '--', ...names])
      return parseVersions(stdout)
    },
    inFile: async (path) => {
      const argv = ['dpkg-deb', '--showformat=${Package} ${Version}', '--show', path]
      const { code, stdout, stderr } = await ask(argv)
      const [name = '', version = ''] = stdout.trim().split(' ')
      if (code === 0) return { name, version }
      throw new RekindleError({
        code: 'resource-unreadable',
        message: `Cannot read the package file "${path}": dpkg-deb answers "${oneLine(stderr)}"`,
      })
    },
    removals: async (names) => {
      const { stdout } = await ask([...aptGet, '--simulate', 'remove', '--', ...names])
      return parseRemovals(stdout)
    },
    chosen: async () => {
      const { stdout } = await ask(['apt-mark', 'showmanual'])
      return stdout.split('\n').filter((name) => name !== '')
    },
    owned: async (paths) => {
      if (paths.length === 0) return new Set()
      // It ends with 1 where some belong to nobody.
      const { code, stdout, stderr } = await ask(['dpkg-query', '--search', '--', ...paths])
      if (code === 0 || code === 1) return parseOwned(stdout)
      throw new RekindleError({
        code: 'resource-unreadable',
        message: `Cannot tell which files are of packages: dpkg-query answers "${oneLine(stderr)}"`,
      })
    },
    changedConfigFiles: async () => {
      // Every file of every package is hashed.
      const { stdout } = await ask(['dpkg', '--verify'], writeTimeoutMs)
      return parseChangedConfigFiles(stdout)
    },
  }
}
