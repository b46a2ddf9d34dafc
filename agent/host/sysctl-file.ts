/** The files that set kernel parameters at boot (sysctl.d(5)). */
import { join } from 'node:path/posix'
import { canonicalSysctlKey } from '../../schemas/sysctl-key.ts'
import type { FileReader } from './file-reader.ts'

export interface SysctlSetting {
  readonly key: string
  readonly value: string
  /** A `-` before it: that the kernel does not know the key is no failure. */
  readonly mayBeUnknown: boolean
  /** File that sets it. */
  readonly path: string
}

/** A file in an earlier folder hides those of its name in later ones. */
const folders = [
  '/etc/sysctl.d',
  '/run/sysctl.d',
  '/usr/local/lib/sysctl.d',
  '/usr/lib/sysctl.d',
  '/lib/sysctl.d',
]

/** All settings in the order in which they are made, whatever folder they are in: the last of a key counts. */
export function readSysctlFiles(files: FileReader): readonly SysctlSetting[] {
  const paths = new Map<string, string>()
  for (const folder of folders) {
    for (const name of files.list(folder)) {
      if (name.endsWith('.conf') && !paths.has(name)) paths.set(name, join(folder, name))
    }
  }
  return [...paths].sort(byName).flatMap(([, path]) => readOne(files, path))
}

/** By bytes, as systemd-sysctl does. */
function byName([a]: readonly [string, string], [b]: readonly [string, string]): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b))
}

/** A link to /dev/null hides a file. */
function readOne(files: FileReader, path: string): readonly SysctlSetting[] {
  const real = files.realPath(path)
  if (files.stat(real)?.kind !== 'file') return []
  return parseSysctl(files.read(real).toString()).map((setting) => ({ ...setting, path }))
}

/** Pure. Patterns are left out: a key that is set by its name is not touched by them. */
export function parseSysctl(text: string): readonly Omit<SysctlSetting, 'path'>[] {
  return text.split('\n').flatMap((line) => {
    const [, mark, key, value] = /^\s*(-?)\s*([^\s#;=][^\s=]*)\s*=\s*(.*?)\s*$/.exec(line) ?? []
    if (key === undefined || value === undefined || /[*?[]/.test(key)) return []
    return [{ key: canonicalSysctlKey(key), value, mayBeUnknown: mark === '-' }]
  })
}
