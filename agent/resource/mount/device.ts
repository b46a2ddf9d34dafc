/** What a mount's `device` names, and whether it is what is mounted. */
import { join, relative } from 'node:path/posix'
import type { Host } from '../../host/host.ts'
import { isBelow, type Mounted, mountOf } from '../../host/mount-table.ts'
import { isBind } from './option.ts'

export interface Spec {
  readonly device: string
  readonly path: string
  readonly options: readonly string[]
}

type Ports = Pick<Host, 'exec' | 'files' | 'kernel'>

/** Undefined: that cannot be told, as for a name that a file system without a device was given. */
export async function isMountOf(
  host: Ports,
  table: readonly Mounted[],
  { spec, live }: { readonly spec: Spec; readonly live: Mounted },
): Promise<boolean | undefined> {
  const path = await devicePath(host, spec.device)
  if (path === undefined) {
    const isNetwork = /^[^/]+:\//.test(spec.device)
    return isNetwork ? trimmed(live.source) === trimmed(spec.device) : undefined
  }
  const real = host.files.realPath(path)
  if (isBind(spec.options)) return isBindOf(table, { path: spec.path, real, live })
  if (!live.source.startsWith('/')) return undefined
  const source = backingFile(host, live.source) ?? host.files.realPath(live.source)
  // The kernel's name for what it has booted from.
  return source === '/dev/root' ? undefined : source === real || live.source === path
}

/** A device for people: of a loop device, the file. */
export function shownSource(host: Ports, { source, root }: Mounted): string {
  const shown = backingFile(host, source) ?? source
  return root === '/' ? shown : `${shown}[${root}]`
}

function trimmed(source: string): string {
  return source.replace(/(.)\/+$/, '$1')
}

/** The mount over the directory itself is not where its source stands. */
function isBindOf(
  table: readonly Mounted[],
  { path, real, live }: { readonly path: string; readonly real: string; readonly live: Mounted },
): boolean | undefined {
  const others = table.filter(
    (mounted) => mounted !== live && !(mounted.path === path && isBelow(real, path)),
  )
  const under = mountOf(others, real)
  if (under === undefined) return undefined
  return under.device === live.device && join(under.root, relative(under.path, real)) === live.root
}

function backingFile({ kernel }: Ports, source: string): string | undefined {
  const name = /^\/dev\/(loop\d+)$/.exec(source)?.[1]
  return name === undefined ? undefined : kernel.read(`/sys/block/${name}/loop/backing_file`)?.trimEnd()
}

const byTag: Readonly<Record<string, string>> = {
  UUID: 'by-uuid',
  LABEL: 'by-label',
  PARTUUID: 'by-partuuid',
  PARTLABEL: 'by-partlabel',
}

/** Undefined for what is no path, and for a tag that no device has. */
export async function devicePath(
  { exec, files }: Pick<Host, 'exec' | 'files'>,
  device: string,
): Promise<string | undefined> {
  if (device.startsWith('/')) return device
  const [, tag = '', value = ''] = /^([A-Z]+)="?(.*?)"?$/.exec(device) ?? []
  const folder = byTag[tag]
  if (folder === undefined) return undefined
  const link = `/dev/disk/${folder}/${udevName(value)}`
  if (files.exists(link)) return link
  // No udev, as in a container.
  const found = await exec
    .run(['blkid', '-t', `${tag}=${value}`, '-o', 'device', '-l'])
    .catch(() => undefined)
  return found?.stdout.split('\n').find((line) => line.startsWith('/'))
}

/** udev writes what is no plain character of a file's name in hexadecimal. */
function udevName(value: string): string {
  return value.replaceAll(
    /[^A-Za-z0-9#+\-.:=@_\u0080-\u{10ffff}]/gu,
    (character) => `\\x${character.charCodeAt(0).toString(16).padStart(2, '0')}`,
  )
}
