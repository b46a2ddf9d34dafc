/** What the driver knows of a machine, in the machine's folder: whole or not there at all. */
import { existsSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { ProcessName } from './process.ts'

export interface Meta {
  readonly machine: string
  readonly host: string
  readonly address: string
  /** The image's layers that its own layer was made over; another image under it would be another machine. */
  readonly image: string
  /** The systemd-nspawn process; absent while it is not started. */
  readonly process?: ProcessName
}

export function loadMeta(dir: string, machine: string): Meta | undefined {
  const path = join(dir, machine, 'meta.json')
  // Written by saveMeta alone.
  return existsSync(path) ? (JSON.parse(readFileSync(path, 'utf8')) as Meta) : undefined
}

export function saveMeta(dir: string, meta: Meta): void {
  const path = join(dir, meta.machine, 'meta.json')
  writeFileSync(`${path}.new`, `${JSON.stringify(meta)}\n`)
  renameSync(`${path}.new`, path)
}

export function listMetas(dir: string): readonly Meta[] {
  return readdirSync(dir)
    .map((machine) => loadMeta(dir, machine))
    .filter((meta) => meta !== undefined)
}
