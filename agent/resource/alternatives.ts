/** Link groups of update-alternatives, read from its own records: its --query takes a process for each. */
import { join } from 'node:path/posix'
import type { RekindleError } from '../../schemas/errors.ts'
import type { AlternativesParams, Change } from '../../schemas/generated/types.ts'
import type { ResourceId } from '../../schemas/resource-id.ts'
import { bestChoice, type LinkGroup, parseLinkGroup } from '../host/alternatives.ts'
import type { Host } from '../host/host.ts'
import { cannotApply } from './cannot-apply.ts'
import type { Instance, ResourceType, Wanted } from './resource-type.ts'
import { runTool } from './run-tool.ts'
import { readEach, readTextFile } from './text-file.ts'

export interface AlternativesState {
  /** Undefined: there is no such group. */
  readonly group: LinkGroup | undefined
  /** What the group's link in /etc/alternatives leads to. */
  readonly current: string | undefined
  /** Whether the generic name leads to /etc/alternatives. */
  readonly isLinked: boolean
}

type WantedAlternatives = Wanted<AlternativesParams>

const records = '/var/lib/dpkg/alternatives'
const links = '/etc/alternatives'

function read(host: Host, wanted: readonly WantedAlternatives[]): Map<ResourceId, AlternativesState | Error> {
  return readEach(wanted, ({ title }) => readGroup(host, title))
}

function readGroup(host: Host, name: string): AlternativesState {
  const { text } = readTextFile(host, join(records, name))
  const group = text === undefined ? undefined : parseLinkGroup(text)
  return {
    group,
    current: readLink(host, join(links, name)),
    isLinked: group !== undefined && readLink(host, group.link) === join(links, name),
  }
}

function readLink({ files }: Host, path: string): string | undefined {
  return files.stat(path)?.kind === 'symlink' ? files.readLink(path) : undefined
}

function diff(
  { params: { path } }: WantedAlternatives,
  { group, current, isLinked }: AlternativesState,
): readonly Change[] {
  if (group === undefined) return [{ property: 'path', from: 'absent', to: path }]
  const mode = path === 'auto' ? 'auto' : 'manual'
  const target = path === 'auto' ? bestChoice(group)?.path : path
  return [
    ...(current === target ? [] : [{ property: 'path', from: current ?? 'none', to: target ?? path }]),
    ...(group.mode === mode ? [] : [{ property: 'mode', from: group.mode, to: mode }]),
    ...(isLinked ? [] : [{ property: 'link', from: `${group.link} leads elsewhere`, to: 'linked' }]),
  ]
}

async function apply(host: Host, wanted: WantedAlternatives, { group }: AlternativesState): Promise<void> {
  const { id, title, params, where } = wanted
  if (group === undefined) throw noSuchGroup(wanted)
  if (params.path !== 'auto' && group.choices.every(({ path }) => path !== params.path))
    throw noSuchChoice(wanted, group)
  const verb = params.path === 'auto' ? ['--auto', title] : ['--set', title, params.path]
  await runTool(host, ['update-alternatives', ...verb], {
    doing: `Cannot set the alternative "${title}"`,
    wanted: { id, where },
    package: 'dpkg',
    kept: 'the link, as it is',
  })
}

function noSuchGroup(wanted: WantedAlternatives): RekindleError {
  return cannotApply(wanted, `there is no link group "${wanted.title}"`, {
    hint: 'Declare the package that brings an alternative before it, or correct the name',
  })
}

function noSuchChoice({ id, title, params, where }: WantedAlternatives, group: LinkGroup): RekindleError {
  return cannotApply({ id, where }, `"${params.path}" is no alternative for "${title}"`, {
    kept: 'the link, as it is',
    hint: `Alternatives are ${group.choices.map(({ path }) => `"${path}"`).join(', ')}`,
  })
}

/** Those that were chosen by hand; the others are as the packages made them. */
async function inspect(host: Host, title: string | undefined): Promise<readonly Instance[]> {
  const names = title === undefined ? host.files.list(records) : [title]
  return names.flatMap((name) => {
    const { group, current } = readGroup(host, name)
    if (group === undefined || (title === undefined && group.mode === 'auto')) return []
    const path = group.mode === 'auto' ? 'auto' : current
    return path === undefined ? [] : [{ title: name, params: { path } }]
  })
}

export const alternatives = {
  name: 'alternatives',
  read,
  diff,
  apply,
  inspect,
  watch: ({ title }) => [join(links, title), join(records, title)],
} satisfies ResourceType<AlternativesParams, AlternativesState>
