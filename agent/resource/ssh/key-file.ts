/**
 * Files of keys that belong to a user, read and written by root in a directory where that user may put what they like.
 * The directory is held open (agent/host/place.ts), so a link that is swapped in leads nowhere; a link that stands there
 * is refused; and what the user could not read is not copied into a file that they can.
 */
import { basename, dirname, normalize } from 'node:path/posix'
import { RekindleError } from '../../../schemas/errors.ts'
import { renderMode } from '../../../schemas/file-mode.ts'
import type { Account } from '../../host/account.ts'
import type { FileStat } from '../../host/file-reader.ts'
import type { Host } from '../../host/host.ts'
import type { Place } from '../../host/place.ts'
import { cannotApply } from '../cannot-apply.ts'
import type { Reading, Wanted } from '../resource-type.ts'
import { readEach, readTextFileAt, type TextFile, writeTextFile } from '../text-file.ts'

export interface KeyFile {
  readonly path: string
  /** Undefined when nothing is there. */
  readonly text: string | undefined
  readonly mode: number
  readonly uid: number
  /** Whose file it has to be: the owner of its directory, or of the one that has to be made. */
  readonly owner: number
  /** The directory in which it stands; undefined when that is not there. */
  readonly directory: FileStat | undefined
}

/** Where a user's file is: at an explicit path, or in `.ssh` of the home. */
export interface KeyPlace {
  readonly account: Account
  readonly path: string
}

/** sshd takes no file that others may write, or that stands where they may (StrictModes). */
const othersWrite = 0o022
const worldReads = 0o004

export function homeFile({ home }: Account, name: 'authorized_keys' | 'known_hosts'): string {
  return normalize(`${home}/.ssh/${name}`)
}

/** Below it, only what stands in `.ssh` itself is kept as sshd wants it. */
function isInSshDirectory({ account, path }: KeyPlace): boolean {
  return dirname(path) === dirname(homeFile(account, 'authorized_keys'))
}

/** Where a resource's file is, once its user is there. */
export interface KeyFileOwner<Params> {
  readonly userOf: (params: Params) => string
  readonly pathOf: (params: Params, account: Account) => string
}

/** A resource's file, and whose it is. */
export interface KeyFileState {
  /** Undefined when there is no such user yet. */
  readonly account: Account | undefined
  readonly file: KeyFile | undefined
}

export function readKeyFiles<Params>(
  host: Host,
  wanted: readonly Wanted<Params>[],
  { userOf, pathOf }: KeyFileOwner<Params>,
): Reading<KeyFileState> {
  const { accounts } = host.passwd.read()
  return readEach(wanted, ({ params }) => {
    const account = accounts.get(userOf(params))
    if (account === undefined) return { account, file: undefined }
    return { account, file: readKeyFile(host, { account, path: pathOf(params, account) }) }
  })
}

/** The user may have been made in this run, or since it was read. @throws RekindleError as editKeyFile(), and without one */
export async function editKeyFileOf<Params>(
  host: Host,
  wanted: Wanted<Params>,
  { owner: { userOf, pathOf }, edit }: { owner: KeyFileOwner<Params>; edit: (text: string) => string },
): Promise<void> {
  const user = userOf(wanted.params)
  const account = host.passwd.read().accounts.get(user)
  if (account === undefined) throw noUser(wanted, user)
  await editKeyFile(host, { account, path: pathOf(wanted.params, account) }, edit)
}

/** Where it usually is, for a watch, which has no host to ask; the poll finds the others. */
export function usualFile(user: string, name: 'authorized_keys' | 'known_hosts'): string {
  return `${user === 'root' ? '/root' : `/home/${user}`}/.ssh/${name}`
}

/** @throws RekindleError `resource-unreadable` for what must not or cannot be read */
export function readKeyFile(host: Host, { account, path }: KeyPlace): KeyFile {
  const found = host.places.within(dirname(path), (place): KeyFile => {
    const owner = ownerOf(place, account)
    const { text, mode, uid } = fileIn(host, place, { account, path })
    return { path, text, mode, uid, owner, directory: place.stat }
  })
  return found ?? { path, text: undefined, mode: 0, uid: 0, owner: account.uid, directory: undefined }
}

/**
 * Makes of the text what `edit` gives. Makes `.ssh` in a home that is there, and no other directory.
 *
 * @throws RekindleError `apply-failed` or `resource-unreadable`, with what was kept
 */
export async function editKeyFile(
  host: Host,
  { account, path }: KeyPlace,
  edit: (text: string) => string,
): Promise<void> {
  const isInHome = isInSshDirectory({ account, path })
  if (isInHome) await makeSshDirectory(host, account)
  const done = await host.places.withinAsync(dirname(path), async (place) => {
    const owner = ownerOf(place, account)
    const file = fileIn(host, place, { account, path })
    if (isInHome && (place.stat.mode & othersWrite) !== 0)
      // The directory that is held, not what stands under its name by now.
      await host.write.setAttributes(`${place.directory}/.`, { mode: place.stat.mode & ~othersWrite })
    const text = edit(file.text ?? '')
    if (file.kind === 'absent' && text === '') return true
    if (file.kind !== 'absent') await host.backups.put(path)
    const gid = owner === 0 ? 0 : account.gid
    await writeTextFile(host, file, text, { mode: modeFor(owner), uid: owner, gid, backup: false })
    return true
  })
  if (done === undefined) throw noDirectory(path, dirname(path))
}

/** What sshd, and a second look, would not take. */
export function wrongAttributes({ path, text, mode, uid, owner, directory }: KeyFile, account: Account) {
  const wrong: { property: string; from: string; to: string }[] = []
  if (text === undefined) return wrong
  if (uid !== owner) wrong.push({ property: 'owner', from: String(uid), to: String(owner) })
  if (mode !== modeFor(owner))
    wrong.push({ property: 'mode', from: renderMode(mode), to: renderMode(modeFor(owner)) })
  const isOpen = directory !== undefined && (directory.mode & othersWrite) !== 0
  if (isOpen && isInSshDirectory({ account, path }))
    wrong.push({
      property: 'directoryMode',
      from: renderMode(directory.mode),
      to: renderMode(directory.mode & ~othersWrite),
    })
  return wrong
}

/** sshd reads as the user what root owns. */
function modeFor(owner: number): number {
  return owner === 0 ? 0o644 : 0o600
}

async function makeSshDirectory(host: Host, account: Account): Promise<void> {
  const { home, uid, gid } = account
  const done = await host.places.withinAsync(home, async (place) => {
    ownerOf(place, account)
    const path = `${place.directory}/.ssh`
    if (host.files.stat(path) === undefined) await host.write.putDirectory(path, { mode: 0o700, uid, gid })
    return true
  })
  if (done === undefined) throw noHome(account)
}

/** Whoever owns the directory decides what stands in it. */
function ownerOf({ shown, stat: { uid } }: Place, account: Account): number {
  if (uid === account.uid || uid === 0) return uid
  throw new RekindleError({
    code: 'resource-unreadable',
    message: `Cannot keep keys of user "${account.name}" in "${shown}": it belongs to user id ${uid}, who could change them`,
    kept: 'what stands there',
    hint: `Make it belong to ${account.name} or root`,
  })
}

function fileIn(host: Host, place: Place, { account, path }: KeyPlace): TextFile {
  const real = `${place.directory}/${basename(path)}`
  const stat = host.files.stat(real)
  if (stat?.kind === 'symlink') throw linkStands(path)
  // Moved here out of root's reach, it would become readable by being rewritten as the user's own.
  const isForeign = stat !== undefined && stat.uid !== account.uid && place.stat.uid !== 0
  if (isForeign && (stat.mode & worldReads) === 0) throw foreignFile(path, stat.uid, account)
  return readTextFileAt(host, real, path)
}

function linkStands(path: string): RekindleError {
  return new RekindleError({
    code: 'resource-unreadable',
    message: `Cannot read "${path}": a symbolic link stands there`,
    kept: 'the link, and what it leads to',
    hint: 'Remove the link, or give the path that it leads to as the target',
  })
}

function foreignFile(path: string, uid: number, { name }: Account): RekindleError {
  return new RekindleError({
    code: 'resource-unreadable',
    message: `Cannot read "${path}": it belongs to user id ${uid}, and user "${name}" may not read it`,
    kept: 'what stands there',
    hint: `If it is meant to be there: chown ${name} "${path}"`,
  })
}

function noUser(wanted: Wanted<unknown>, user: string): RekindleError {
  return cannotApply(wanted, `user "${user}" does not exist`, {
    kept: 'everything: nothing was done',
    hint: `Declare user "${user}"`,
  })
}

function noHome({ name, home }: Account): RekindleError {
  return new RekindleError({
    code: 'apply-failed',
    message: `Cannot write keys of user "${name}": the home "${home}" does not exist`,
    kept: 'everything as it was',
    hint: `Declare user "${name}" with manageHome, declare file "${home}" as a directory, or give a target outside of the home`,
  })
}

function noDirectory(path: string, directory: string): RekindleError {
  return new RekindleError({
    code: 'apply-failed',
    message: `Cannot write "${path}": directory "${directory}" does not exist`,
    kept: 'everything as it was',
    hint: `Declare file "${directory}" with ensure "directory"`,
  })
}
