/** Pure but for a listing: the links that System V init, and those who stand in for it, start scripts by. */
import type { FileReader } from './file-reader.ts'

/** Debian's and SUSE's place, and Red Hat's. */
const roots = ['/etc', '/etc/rc.d'] as const
/** Where daemons are started; 0, 1 and 6 are for the end. S is the boot before any of them. */
const levels = ['2', '3', '4', '5', 'S'] as const

/** Directories that hold the links. */
export const linkDirectories: readonly string[] = roots.flatMap((root) =>
  levels.map((level) => `${root}/rc${level}.d`),
)

/** Whether a link such as `S01ssh` is there. insserv gives the numbers, so that any counts. */
export function isStartedAtBoot(files: Pick<FileReader, 'list'>, script: string): boolean {
  return linkDirectories.some((directory) =>
    files.list(directory).some((name) => linkOf(name)?.script === script && name.startsWith('S')),
  )
}

/** Whether init knows the script at all: update-rc.d enables and disables only what has links. */
export function hasLinks(files: Pick<FileReader, 'list'>, script: string): boolean {
  return linkDirectories.some((directory) =>
    files.list(directory).some((name) => linkOf(name)?.script === script),
  )
}

/** @example linkOf('K01hwclock.sh') // { script: 'hwclock.sh' } */
export function linkOf(name: string): { readonly script: string } | undefined {
  const script = /^[SK]\d\d(.+)$/.exec(name)?.[1]
  return script === undefined ? undefined : { script }
}

/** What a script's `status` ends with (LSB core, "Init Script Actions"). Undefined: it says nothing of the kind. */
export function parseStatusCode(code: number | null): 'running' | 'stopped' | 'failed' | undefined {
  switch (code) {
    case 0:
      return 'running'
    case 1:
    case 2:
      // Dead, and its process id or lock file is left.
      return 'failed'
    case 3:
      return 'stopped'
    default:
      return undefined
  }
}
