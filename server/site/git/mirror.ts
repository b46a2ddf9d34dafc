/** A bare copy of the site's repository in the server's data: fetched into, looked up in, and checked out from. */
import { globSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { RekindleError } from '../../../schemas/errors.ts'
import type { GitSite } from '../../../schemas/generated/types.ts'
import { sha256 } from '../../../schemas/hash.ts'
import type { Commit } from '../../store/site.ts'
import type { ProgramEnd } from '../program.ts'
import { whyUntrusted } from './host-key.ts'
import { gitFor } from './run.ts'

export interface Mirror {
  /** Brings all branches and tags here. @throws RekindleError `site-invalid` with what git said */
  fetch(): Promise<void>
  /** The commit that a branch, or else a tag, is at; undefined when there is none of that name. */
  find(name: string): Promise<Commit | undefined>
  /** Whether `older` is one of the commits that led to `newer`. */
  isAncestor(older: string, newer: string): Promise<boolean>
  /** Takes the files of a commit out to a folder that is there until `use` is done. */
  withFiles<Result>(commit: string, use: (dir: string) => Promise<Result>): Promise<Result>
}

/** For what git does on this machine alone. */
const localMs = 60_000
const defaultFetchMs = 120_000
/** Longest author and subject that are kept. */
const keptText = 200

/**
 * Opens the mirror of a repository, or makes it. Nobody else works on it, so locks that a killed git left are removed.
 *
 * @param dir folder for mirrors and what is checked out of them
 */
export async function openMirror(site: GitSite, dir: string, signal: AbortSignal): Promise<Mirror> {
  const gitDir = mirrorDir(site, dir)
  mkdirSync(gitDir, { recursive: true, mode: 0o700 })
  for (const path of globSync('{*.lock,refs/**/*.lock,objects/**/*.lock,objects/**/tmp_*}', {
    cwd: gitDir,
  })) {
    rmSync(join(gitDir, path), { force: true })
  }
  for (const path of globSync('checkout-*', { cwd: dir })) rmSync(join(dir, path), { recursive: true })
  const run = gitFor(site, gitDir)
  const git = async (args: readonly string[], what: string, extra?: Readonly<Record<string, string>>) => {
    const ended = await run(args, { timeoutMs: localMs, signal }, extra)
    if (ended.code !== 0) throw failed(what, ended)
    return ended.stdout
  }
  await git(['init', '--quiet', '--bare', '--template='], 'make its copy')
  // Outranks what the repository says: files come out byte for byte, and no filter runs.
  mkdirSync(join(gitDir, 'info'), { recursive: true })
  writeFileSync(join(gitDir, 'info', 'attributes'), '* -text -eol -ident -filter -working-tree-encoding\n')
  return {
    async fetch() {
      const timeoutMs = (site.timeoutSeconds ?? defaultFetchMs / 1000) * 1000
      const ended = await run(fetchArguments(site.git), { timeoutMs, signal })
      if (ended.code === 0) return
      const cut = ended.cut ?? whyUntrusted(ended.stderr, site.knownHostsFile)
      throw failed(`fetch from ${site.git}`, { ...ended, cut })
    },
    async find(name) {
      for (const ref of [`refs/heads/${name}`, `refs/tags/${name}`]) {
        const verify = ['rev-parse', '--verify', '--quiet', '--end-of-options', `${ref}^{commit}`]
        const { code, stdout } = await run(verify, { timeoutMs: localMs, signal })
        if (code === 0) return parseCommit(await git(showArguments(stdout.trim()), `read ${name}`))
      }
      return undefined
    },
    async isAncestor(older, newer) {
      const ended = await run(['merge-base', '--is-ancestor', older, newer], { timeoutMs: localMs, signal })
      return ended.code === 0
    },
    async withFiles(commit, use) {
      const checkout = await mkdtemp(join(dir, 'checkout-'))
      try {
        return await use(await takeOut(git, commit, checkout))
      } finally {
        await rm(checkout, { recursive: true, force: true })
      }
    },
  }
}

function mirrorDir({ git }: GitSite, dir: string): string {
  return join(dir, `${sha256(git).slice(0, 12)}.git`)
}

type Act = (
  args: readonly string[],
  what: string,
  extra?: Readonly<Record<string, string>>,
) => Promise<string>

/** Gives the folder with the files of a commit; nothing but `checkout` is written to. */
async function takeOut(git: Act, commit: string, checkout: string): Promise<string> {
  const tree = join(checkout, 'site')
  mkdirSync(tree)
  const extra = { GIT_INDEX_FILE: join(checkout, 'index'), GIT_WORK_TREE: tree }
  await git(['read-tree', commit], `read commit ${commit}`, extra)
  await git(['checkout-index', '--all', '--quiet'], `take out commit ${commit}`, extra)
  return tree
}

/**
 * Takes a commit out of a mirror that another process may be at work on: a branch, a tag, or a commit's hash.
 *
 * @param checkout an empty folder; the files are below it afterwards
 * @throws RekindleError `not-found` when nothing of that name was fetched
 */
export async function takeOutOfMirror(
  site: GitSite,
  dir: string,
  { ref, checkout }: { readonly ref: string; readonly checkout: string },
): Promise<string> {
  const run = gitFor(site, mirrorDir(site, dir))
  const { signal } = new AbortController()
  const git: Act = async (args, what, extra) => {
    const ended = await run(args, { timeoutMs: localMs, signal }, extra)
    if (ended.code !== 0) throw failed(what, ended)
    return ended.stdout
  }
  for (const name of [
    `refs/heads/${ref}`,
    `refs/tags/${ref}`,
    ...(/^[0-9a-f]{7,64}$/.test(ref) ? [ref] : []),
  ]) {
    const verify = ['rev-parse', '--verify', '--quiet', '--end-of-options', `${name}^{commit}`]
    const { code, stdout } = await run(verify, { timeoutMs: localMs, signal })
    if (code === 0) return takeOut(git, stdout.trim(), checkout)
  }
  throw new RekindleError({
    code: 'not-found',
    message: `Cannot find "${ref}": no branch, tag or commit of that name was fetched from ${site.git}`,
    hint: 'The server fetches when it polls, when its webhook is called, and when a person says so on the page',
  })
}

/** All at once or not at all; branches that are gone there go here, and ones that were rewritten are followed. */
function fetchArguments(url: string): readonly string[] {
  return [
    ...['fetch', '--quiet', '--atomic', '--prune', '--no-tags', '--no-recurse-submodules'],
    ...['--no-write-fetch-head', '--end-of-options', url],
    ...['+refs/heads/*:refs/heads/*', '+refs/tags/*:refs/tags/*'],
  ]
}

function showArguments(hash: string): readonly string[] {
  return ['show', '--no-patch', '--no-notes', '--no-color', '--format=%H%x00%an <%ae>%x00%ct%x00%s', hash]
}

function parseCommit(text: string): Commit {
  const [hash = '', author = '', seconds = '', subject = ''] = text.trimEnd().split('\0')
  return { hash, author: plain(author), committedAt: Number(seconds) * 1000, subject: plain(subject) }
}

/** Authors choose these words; what would steer a terminal or turn a line around is taken out. */
function plain(text: string): string {
  return text
    .replace(/[\p{Cc}\p{Cf}\u2028\u2029]/gu, '')
    .toWellFormed()
    .slice(0, keptText)
}

/** What git adds whatever has happened. */
const commonplaces = ['Please make sure you have the correct access rights', 'and the repository exists.']

function failed(what: string, { stderr, cut, code }: ProgramEnd): RekindleError {
  const lines = stderr.split('\n').map((line) => plain(line.replace(/^(?:fatal|error|remote): /, '')).trim())
  const said = lines.filter((line) => line !== '' && !commonplaces.includes(line)).join(' ')
  const why = cut ?? (said === '' ? `git ended with ${code}` : said)
  return new RekindleError({ code: 'site-invalid', message: `Cannot ${what}: ${why}` })
}
