import type { Facts } from '../../schemas/generated/types.ts'
import type { FactFiles } from './files.ts'

/** Parses /proc/cpuinfo; where that names no cores (as on ARM), /sys/devices/system/cpu does. */
export function cpuFacts(files: Pick<FactFiles, 'read' | 'line' | 'list'>, count: number): Facts['cpu'] {
  const cpuinfo = files.read('proc/cpuinfo')
  const processors = cpuinfo.split('\n\n').flatMap((text) => {
    const [socket, core] = [fieldOf(text, 'physical id'), fieldOf(text, 'core id')]
    return socket === undefined || core === undefined ? [] : [{ socket, core }]
  })
  const found = processors.length > 0 ? processors : topology(files)
  return {
    count,
    cores: new Set(found.map(({ socket, core }) => `${socket} ${core}`)).size,
    sockets: new Set(found.map(({ socket }) => socket)).size,
    model: fieldOf(cpuinfo, 'model name') ?? '',
  }
}

function topology({ line, list }: Pick<FactFiles, 'line' | 'list'>) {
  const cpus = list('sys/devices/system/cpu').filter((name) => /^cpu\d+$/.test(name))
  return cpus.flatMap((cpu) => {
    const dir = `sys/devices/system/cpu/${cpu}/topology`
    const [socket, core] = [line(`${dir}/physical_package_id`), line(`${dir}/core_id`)]
    // Firmware that names no socket leaves -1.
    return core === '' ? [] : [{ socket: socket === '-1' ? '0' : socket, core }]
  })
}

function fieldOf(text: string, name: string): string | undefined {
  return new RegExp(`^${name}\\s*: *(.*)$`, 'm').exec(text)?.[1]?.trim()
}
