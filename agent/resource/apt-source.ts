/**
 * Files of /etc/apt/sources.list.d. Before one is moved in, apt reads it among the others of the host and fetches its
 * lists, so that a source which would stop apt never becomes part of the host, and an agent that dies in between fetches
 * them again.
 */
import { basename } from 'node:path/posix'
import type { RekindleError } from '../../schemas/errors.ts'
import type { AptSourceParams } from '../../schemas/generated/types.ts'
import type { Host } from '../host/host.ts'
import { inspectFolder } from './apt/inspect-folder.ts'
import { withoutOlder } from './apt/older-file.ts'
import { parseSource, parseSourceList, renderSource } from './apt/source-text.ts'
import { cannotApply } from './cannot-apply.ts'
import { ownedText } from './owned-text.ts'
import type { Instance, Wanted } from './resource-type.ts'
import { textOf } from './text-file.ts'

type WantedSource = Wanted<AptSourceParams>

const folder = '/etc/apt/sources.list.d'
/** What will be in `folder`, for apt to read before it is there. */
const trialFolder = '/run/rekindle-apt-sources'

const pathOf = (title: string) => `${folder}/${title}.sources`
const olderPathOf = (title: string) => `${folder}/${title}.list`

export const aptSource = withoutOlder(
  ownedText<AptSourceParams>({
    name: 'apt_source',
    pathOf: ({ title }) => pathOf(title),
    render: ({ params }) => renderSource(params),
    folderOf: () => folder,
    check: tryOut,
    // The names that apt reads, whoever gave them.
    inspect: inspectFolder({ folder, name: /^([\w-][\w.-]*)\.(?:sources|list)$/, instanceOf }),
  }),
  ({ title }) => olderPathOf(title),
)

async function tryOut(host: Host, wanted: WantedSource): Promise<void> {
  const { verify, enabled } = wanted.params
  if (verify === false) return
  try {
    await host.write.putDirectory(trialFolder, { mode: 0o755 })
    const trial = await putTrial(host, wanted)
    const refused = await host.dpkg.refusedSources(trialFolder)
    if (refused !== undefined) throw refusal(wanted, 'apt refuses it among the sources of this host', refused)
    const unfetched = enabled === false ? undefined : await host.dpkg.fetchLists(trial)
    if (unfetched !== undefined) throw refusal(wanted, 'apt cannot fetch its lists', unfetched)
  } finally {
    await host.write.remove(trialFolder)
  }
}

/** Puts it beside links to the others. */
async function putTrial(host: Host, { title, params }: WantedSource): Promise<string> {
  const replaced = [pathOf(title), olderPathOf(title)].map((path) => basename(path))
  const others = host.files.list(folder).filter((name) => !replaced.includes(name) && !name.startsWith('.'))
  for (const name of others) await host.write.putLink(`${trialFolder}/${name}`, `${folder}/${name}`, {})
  const trial = `${trialFolder}/${title}.sources`
  await host.write.putFile(trial, { content: Buffer.from(renderSource(params)), mode: 0o644 })
  return trial
}

function refusal(wanted: WantedSource, what: string, said: string): RekindleError {
  return cannotApply(wanted, `${what}: ${said}`, {
    code: 'validate-failed',
    kept: 'what stood there before',
    hint: hintFor(said),
  })
}

function hintFor(said: string): string {
  if (/Conflicting values/.test(said))
    return 'Another file names the same source with other options: declare that one absent, or give both the same; to change both at once, set verify to false'
  if (/NO_PUBKEY|not signed|signatures were invalid|No public key|Missing key/.test(said))
    return 'Give the right "key" (an apt_key that is declared) or "signedBy"'
  return 'Set verify to false where the source will be reachable later only'
}

function instanceOf(host: Host, title: string): Instance {
  const isFile = (path: string) => host.files.stat(host.files.realPath(path))?.kind === 'file'
  const path = [pathOf(title), olderPathOf(title)].find(isFile)
  if (path === undefined) return { title, params: {}, protectedBy: 'it is no file, and apt passes over it' }
  const text = textOf(host, path)
  // What cannot be read is undeclared all the same: a purge fails over it, and does not pass over it.
  if (text === undefined) return { title, params: {} }
  if (path === pathOf(title)) return { title, params: { ...parseSource(text) } }
  // apt-add-repository leaves such files.
  if (text.split('\n').every((line) => /^\s*(#|$)/.test(line)))
    return { title, params: {}, protectedBy: 'all of it is commented out' }
  return { title, params: { ...parseSourceList(text) } }
}
