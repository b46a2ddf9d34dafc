/** What nftables.service loads at boot: a file for each table, and the line of the main file that includes them. */
import type { Host } from '../../host/host.ts'
import { readTextFile, removeTextFile, type TextFile, writeTextFile } from '../text-file.ts'
import type { Table } from './ruleset.ts'

export interface BootFile {
  readonly file: TextFile
  readonly main: TextFile
}

const folder = '/etc/nftables.d'
export const includeLine = `include "${folder}/*.nft"`
/** Of Red Hat's nftables.service, then of everybody else's. */
const mainFiles = ['/etc/sysconfig/nftables.conf', '/etc/nftables.conf'] as const

export function readBootFile(host: Host, { family, name }: Table): BootFile {
  const [redHat, common] = mainFiles
  const main = host.files.exists(redHat) ? redHat : common
  return {
    file: readTextFile(host, `${folder}/rekindle-${family}-${name.replaceAll('/', '-')}.nft`),
    main: readTextFile(host, main),
  }
}

/** @param text undefined: none is wanted */
export function isBootFile({ file, main }: BootFile, text: string | undefined): boolean {
  if (text === undefined) return file.text === undefined
  return file.text === text && includes(main.text ?? '')
}

/** Idempotent; the include comes last, when there is something to include. */
export async function writeBootFile(
  host: Host,
  { file, main }: BootFile,
  text: string | undefined,
): Promise<void> {
  if (text === undefined) return removeTextFile(host, file)
  if (host.files.stat(folder) === undefined) await host.write.putDirectory(folder, { mode: 0o755 })
  if (file.text !== text) await writeTextFile(host, file, text, { mode: 0o600, backup: file.kind === 'file' })
  if (!includes(main.text ?? '')) await writeTextFile(host, main, withInclude(main.text))
}

function includes(text: string): boolean {
  return text.split('\n').some((line) => line.trim() === includeLine)
}

/** Its own rules come first, so that a `flush ruleset` there does not take ours. */
export function withInclude(text: string | undefined): string {
  if (text === undefined) return `#!/usr/sbin/nft -f\n\nflush ruleset\n\n${includeLine}\n`
  return `${text}${text === '' || text.endsWith('\n') ? '' : '\n'}${includeLine}\n`
}
