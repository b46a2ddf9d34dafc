/** Modules of the kernel: loaded or not now, at boot by modules-load.d, with options or barred by modprobe.d. */
import { dirname } from 'node:path/posix'
import type { RekindleError } from '../../schemas/errors.ts'
import type { Change, KernelModuleParams } from '../../schemas/generated/types.ts'
import type { ResourceId } from '../../schemas/resource-id.ts'
import type { Host } from '../host/host.ts'
import { moduleName, readBootModules, readKernelModules } from '../host/kernel-module.ts'
import { cannotApply } from './cannot-apply.ts'
import type { Instance, ResourceType, Wanted } from './resource-type.ts'
import { runTool, type ToolOptions } from './run-tool.ts'
import { readEach, readTextFile, removeTextFile, type TextFile, writeTextFile } from './text-file.ts'

export interface KernelModuleState {
  readonly live: 'loaded' | 'built in' | 'not loaded'
  /** What holds it, when it is loaded. */
  readonly users: readonly string[]
  /** False for a kernel that cannot load any. */
  readonly hasModules: boolean
  /** Our file in modules-load.d. */
  readonly boot: TextFile
  /** Our file in modprobe.d. */
  readonly settings: TextFile
  /** Files of others that load it at boot. */
  readonly loadedBy: readonly string[]
}

type WantedModule = Wanted<KernelModuleParams>

const bootFolder = '/etc/modules-load.d'
const settingsFolder = '/etc/modprobe.d'
const header = '# Written by Rekindle: edits are lost.\n'

function read(host: Host, wanted: readonly WantedModule[]): Map<ResourceId, KernelModuleState | Error> {
  const { hasModules, loaded, builtIn } = readKernelModules(host.kernel)
  const atBoot = readBootModules(host.files)
  return readEach(wanted, (one) => {
    const name = moduleName(one.title)
    const boot = readTextFile(host, pathOf(bootFolder, one))
    // Built-in ones that take parameters have a folder too; those that were loaded also have a state in it.
    const isBuiltIn = builtIn.has(name) || (!loaded.has(name) && host.files.exists(`/sys/module/${name}`))
    return {
      live: loaded.has(name) ? 'loaded' : isBuiltIn ? 'built in' : 'not loaded',
      users: loaded.get(name)?.users ?? [],
      hasModules,
      boot,
      settings: readTextFile(host, pathOf(settingsFolder, one)),
      loadedBy: (atBoot.get(name) ?? []).filter((path) => path !== pathOf(bootFolder, one)),
    }
  })
}

function diff(wanted: WantedModule, state: KernelModuleState): readonly Change[] {
  const { ensure = 'loaded', live = true } = wanted.params
  const isToLoad = ensure === 'loaded'
  const isLoaded = state.live !== 'not loaded'
  return [
    ...fileChange('boot', state.boot, bootText(wanted)),
    ...fileChange(ensure === 'blacklisted' ? 'blacklist' : 'options', state.settings, settingsText(wanted)),
    ...(isToLoad || state.loadedBy.length === 0
      ? []
      : [{ property: 'loadedBy', from: state.loadedBy.join(', '), to: 'none' }]),
    ...(live && isToLoad !== isLoaded
      ? [{ property: 'live', from: state.live, to: isToLoad ? 'loaded' : 'not loaded' }]
      : []),
  ]
}

function fileChange(property: string, { text }: TextFile, wanted: string | undefined): readonly Change[] {
  if (text === wanted) return []
  return [{ property, from: shown(text), to: shown(wanted) }]
}

/** Without comments. */
function shown(text: string | undefined): string {
  const lines = text?.split('\n').filter((line) => line !== '' && !line.startsWith('#'))
  return lines?.join('; ') ?? 'absent'
}

function bootText({ title, params: { ensure = 'loaded' } }: WantedModule): string | undefined {
  return ensure === 'loaded' ? `${header}${moduleName(title)}\n` : undefined
}

/** `blacklist` alone stops what loads by alias; `install` also what asks for it by name, or needs it. */
function settingsText({ title, params }: WantedModule): string | undefined {
  const name = moduleName(title)
  if (params.ensure === 'blacklisted') return `${header}blacklist ${name}\ninstall ${name} /bin/false\n`
  if (params.ensure === 'absent' || params.options === undefined) return undefined
  const options = Object.entries(params.options).sort(([a], [b]) => (a < b ? -1 : 1))
  return `${header}options ${name} ${options.map(([key, value]) => `${key}=${value}`).join(' ')}\n`
}

/** The files first: modprobe reads the options there. */
async function apply(
  host: Host,
  wanted: WantedModule,
  state: KernelModuleState,
  changes: readonly Change[],
): Promise<void> {
  const differs = new Set(changes.map(({ property }) => property))
  await put(host, state.boot, bootText(wanted))
  await put(host, state.settings, settingsText(wanted))
  if (differs.has('live'))
    await ((wanted.params.ensure ?? 'loaded') === 'loaded' ? load : unload)(host, wanted, state)
  if (differs.has('loadedBy')) throw loadedByOthers(wanted, state)
}

async function put(host: Host, file: TextFile, text: string | undefined): Promise<void> {
  if (text === file.text) return
  if (text === undefined) return await removeTextFile(host, file)
  const folder = dirname(file.path)
  // The package kmod brings it, and a file may be wanted before.
  if (!host.files.exists(folder)) await host.write.putDirectory(folder, { mode: 0o755, uid: 0, gid: 0 })
  await writeTextFile(host, file, text)
}

async function load(host: Host, wanted: WantedModule, { hasModules }: KernelModuleState): Promise<void> {
  await runTool(host, ['modprobe', '--', moduleName(wanted.title)], {
    ...toolOptions(wanted, 'Cannot load the module'),
    explain: () =>
      hasModules
        ? undefined
        : 'This kernel loads no modules; in a container, use "live: false" or load it on the machine below',
  })
}

async function unload(host: Host, wanted: WantedModule, { live, users }: KernelModuleState): Promise<void> {
  if (live === 'built in')
    throw cannotApply(wanted, 'it is built into the kernel, and cannot be unloaded', {
      hint: 'Use "live: false", or another kernel',
    })
  await runTool(host, ['modprobe', '--remove', '--', moduleName(wanted.title)], {
    ...toolOptions(wanted, 'Cannot unload the module'),
    explain: () => (users.length === 0 ? undefined : `Held by ${users.join(', ')}`),
  })
}

function toolOptions({ id, where }: WantedModule, doing: string): ToolOptions {
  return {
    doing,
    wanted: { id, where },
    package: 'kmod',
    kept: 'the files for the next boot, which are written',
  }
}

function loadedByOthers(wanted: WantedModule, { loadedBy }: KernelModuleState): RekindleError {
  return cannotApply(wanted, `${loadedBy.map((path) => `"${path}"`).join(', ')} loads it at boot`, {
    kept: 'that file',
    hint: 'Remove its line there',
  })
}

function pathOf(folder: string, { title }: Pick<WantedModule, 'title'>): string {
  return `${folder}/rekindle-${moduleName(title)}.conf`
}

/** Those that have files of ours. What the kernel has loaded for itself is nobody's to declare. */
async function inspect(host: Host, title: string | undefined): Promise<readonly Instance[]> {
  const ours = [bootFolder, settingsFolder].flatMap((folder) => host.files.list(folder))
  const names = new Set(ours.flatMap((file) => /^rekindle-(.+)\.conf$/.exec(file)?.[1] ?? []))
  const { loaded, builtIn } = readKernelModules(host.kernel)
  return [...names]
    .filter((name) => title === undefined || moduleName(title) === name)
    .map((name) => {
      const params = paramsOf(readTextFile(host, pathOf(settingsFolder, { title: name })).text)
      const isLoaded = loaded.has(name) || builtIn.has(name) || host.files.exists(`/sys/module/${name}`)
      const isLive = isLoaded === (params.ensure === 'loaded')
      return { title: name, params: { ...params, ...(isLive ? {} : { live: false }) } }
    })
}

function paramsOf(settings = ''): Readonly<Record<string, unknown>> {
  if (/^blacklist /m.test(settings)) return { ensure: 'blacklisted' }
  const [, written] = /^options \S+ (.*)$/m.exec(settings) ?? []
  if (written === undefined) return { ensure: 'loaded' }
  const options = written.split(' ').map((option) => {
    const at = option.indexOf('=')
    return [option.slice(0, at), option.slice(at + 1)] as const
  })
  return { ensure: 'loaded', options: Object.fromEntries(options) }
}

export const kernelModule = {
  name: 'kernel_module',
  read,
  diff,
  apply,
  inspect,
  watch: (wanted) => [pathOf(bootFolder, wanted), pathOf(settingsFolder, wanted)],
} satisfies ResourceType<KernelModuleParams, KernelModuleState>
