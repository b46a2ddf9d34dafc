/** Asks nft(8). */
import { type ErrorCode, RekindleError } from '../../../schemas/errors.ts'
import type { ExecResult } from '../../host/exec.ts'
import type { Host } from '../../host/host.ts'
import type { Wanted } from '../resource-type.ts'
import { type Listing, parseListing, type Table, tableOf } from './ruleset.ts'

const timeoutMs = 30_000
/** Sets of addresses can be long, and half a listing is none. */
const keptBytes = 256 * 1024 * 1024

export interface NftOptions {
  readonly wanted: Pick<Wanted<unknown>, 'where'>
  readonly doing: string
  readonly code: ErrorCode
  readonly kept: string
  readonly stdin?: string
}

/** @throws RekindleError with nft's answer */
export async function nft({ exec }: Host, argv: readonly string[], options: NftOptions): Promise<void> {
  const { doing, code, kept, wanted, stdin } = options
  const result = await exec.run(['nft', ...argv], { timeoutMs, ...(stdin === undefined ? {} : { stdin }) })
  if (result.code === 0) return
  throw new RekindleError({
    code,
    message: `${doing}: nft answers "${answer(result)}"`,
    where: wanted.where,
    kept,
  })
}

/** What the kernel has; undefined when there is no such table, or no nft that could have made it. */
export async function list(
  host: Host,
  title: string,
  ignoreSets: readonly string[],
): Promise<Listing | undefined> {
  const text = await listWith(host, title, ['--json'])
  return text === undefined ? undefined : parseListing(text, ignoreSets)
}

/** As nft takes it again. */
export function listText(host: Host, title: string): Promise<string | undefined> {
  return listWith(host, title, [])
}

async function listWith(
  { exec, files }: Host,
  title: string,
  options: readonly string[],
): Promise<string | undefined> {
  if (!hasNft(files)) return undefined
  const { family, name } = tableOf(title)
  const argv = ['nft', '--stateless', ...options, 'list', 'table', family, name]
  const result = await exec.run(argv, { timeoutMs, keptBytes })
  if (result.code === 0) return result.stdout
  if (result.stderr.includes('No such file or directory')) return undefined
  throw new RekindleError({
    code: 'resource-unreadable',
    message: `Cannot list table "${title}": nft answers "${answer(result)}"`,
  })
}

/** A package that is declared before the table may bring it in this very run. */
export function hasNft({ exists }: Host['files']): boolean {
  return ['/usr/sbin/nft', '/sbin/nft', '/usr/bin/nft', '/usr/local/sbin/nft'].some(exists)
}

/** The table's family and name are data, and no text of the script. */
const scratch = 'nft -f - && exec nft --stateless --json list table "$1" "$2"'

/**
 * What nft would list of a transaction, by loading it in a network namespace that is gone right after. Undefined where that
 * cannot be told, as with rules that name this host's interfaces by index.
 */
export async function listScratch(
  { exec }: Host,
  transaction: string,
  { table, ignoreSets }: { readonly table: Table; readonly ignoreSets: readonly string[] },
): Promise<Listing | undefined> {
  const shell = ['sh', '-c', scratch, 'scratch', table.family, table.name]
  try {
    const argv = ['unshare', '--net', '--', ...shell]
    const { code, stdout } = await exec.run(argv, { stdin: transaction, timeoutMs, keptBytes })
    return code === 0 ? parseListing(stdout, ignoreSets) : undefined
  } catch (error) {
    if (error instanceof RekindleError && error.code === 'exec-failed') return undefined
    throw error
  }
}

function answer({ stderr, stdout, timedOut }: ExecResult): string {
  if (timedOut) return `nothing within ${timeoutMs / 1000} seconds`
  return (stderr.trim() === '' ? stdout : stderr)
    .trim()
    .split('\n')
    .slice(0, 6)
    .join('; ')
    .replace(/\s+/g, ' ')
}
