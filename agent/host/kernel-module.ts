/** Modules of the kernel: what it has loaded, what is built into it, and what is loaded at boot. */
import { join } from 'node:path/posix'
import type { FileReader } from './file-reader.ts'
import type { Kernel } from './kernel.ts'

export interface LoadedModule {
  /** Modules and counts that hold it, as in `nf_nat`; empty: nothing does. */
  readonly users: readonly string[]
}

export interface KernelModules {
  /** False for a kernel that cannot load any. */
  readonly hasModules: boolean
  readonly loaded: ReadonlyMap<string, LoadedModule>
  readonly builtIn: ReadonlySet<string>
}

/** @example moduleName('snd-hda-intel') // 'snd_hda_intel' */
export function moduleName(written: string): string {
  return written.replaceAll('-', '_')
}

export function readKernelModules(kernel: Kernel): KernelModules {
  const text = kernel.read('/proc/modules')
  const release = kernel.read('/proc/sys/kernel/osrelease')?.trim() ?? ''
  const builtIn = parseBuiltIn(kernel.read(`/lib/modules/${release}/modules.builtin`) ?? '')
  return { hasModules: text !== undefined, loaded: parseModules(text ?? ''), builtIn }
}

/** Pure: /proc/modules. The last field is not of use; the third is how many hold it, the fourth which modules do. */
export function parseModules(text: string): ReadonlyMap<string, LoadedModule> {
  return new Map(
    text.split('\n').flatMap((line) => {
      const [name = '', , count = '0', by = '-'] = line.split(' ')
      if (name === '') return []
      const named = by.split(',').filter((user) => user !== '' && user !== '-')
      const users = named.length > 0 || count === '0' || count === '-' ? named : [`${count} users`]
      return [[name, { users }] as const]
    }),
  )
}

/** Pure: modules.builtin, a path such as `kernel/fs/ext4/ext4.ko` a line. */
export function parseBuiltIn(text: string): ReadonlySet<string> {
  return new Set(
    text.split('\n').flatMap((line) => {
      const name = /([^/]+)\.ko$/.exec(line.trim())?.[1]
      return name === undefined ? [] : [moduleName(name)]
    }),
  )
}

/** A file in an earlier folder hides those of its name in later ones (modules-load.d(5)). */
const folders = [
  '/etc/modules-load.d',
  '/run/modules-load.d',
  '/usr/local/lib/modules-load.d',
  '/usr/lib/modules-load.d',
]

/** Files by the modules that they load at boot. */
export function readBootModules(files: FileReader): ReadonlyMap<string, readonly string[]> {
  const paths = new Map<string, string>()
  for (const folder of folders) {
    for (const name of files.list(folder)) {
      if (name.endsWith('.conf') && !paths.has(name)) paths.set(name, join(folder, name))
    }
  }
  const found = new Map<string, string[]>()
  for (const path of paths.values()) {
    const real = files.realPath(path)
    if (files.stat(real)?.kind !== 'file') continue
    for (const name of parseModuleList(files.read(real).toString()))
      found.set(name, [...(found.get(name) ?? []), path])
  }
  return found
}

/** Pure: names, one a line; /etc/modules allows options behind them. */
export function parseModuleList(text: string): readonly string[] {
  return text.split('\n').flatMap((line) => {
    const [name = ''] = line.trim().split(/\s+/)
    return name === '' || /^[#;]/.test(name) ? [] : [moduleName(name)]
  })
}
