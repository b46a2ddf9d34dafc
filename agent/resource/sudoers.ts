/** A file of /etc/sudoers.d, that visudo has looked at before sudo can read it. */
import type { SudoersParams } from '../../schemas/generated/types.ts'
import type { Host } from '../host/host.ts'
import { ownedText } from './owned-text.ts'
import type { Wanted } from './resource-type.ts'
import { runTool, toolError } from './run-tool.ts'
import { folder, refusedAsWhole } from './sudoers/whole.ts'

type Rule = NonNullable<SudoersParams['rules']>[number]

export const sudoers = ownedText<SudoersParams>({
  name: 'sudoers',
  pathOf,
  render: ({ params }) => renderSudoers(params),
  mode: 0o440,
  check,
})

/** What is there is kept: the mistake is in the declaration, whatever the host has. */
async function check(host: Host, wanted: Wanted<SudoersParams>, temporaryPath: string): Promise<void> {
  const argv = ['visudo', '-cf', temporaryPath]
  const options = { wanted, package: 'sudo', code: 'validate-failed', kept: 'the file as it was' } as const
  await runTool(host, argv, { ...options, doing: 'visudo refuses the text' })
  const refused = await refusedAsWhole(host, pathOf(wanted), temporaryPath)
  if (refused === undefined) return
  const doing = 'visudo refuses it together with the other files that sudo reads'
  throw toolError(argv, { ...options, doing, explain: () => clashHint }, refused)
}

const clashHint =
  'Where an alias moves here from another resource, let that one converge first: name it in "require"'

function pathOf({ title }: Wanted<SudoersParams>): string {
  return `${folder}/${title}`
}

export function renderSudoers({ content, rules = [] }: SudoersParams): string {
  const text = content ?? rules.map((rule) => `${renderRule(rule)}\n`).join('')
  return `# Written by Rekindle: edits are lost.\n${text}${text.endsWith('\n') ? '' : '\n'}`
}

/** @example renderRule({ group: 'ops', commands: 'ALL' }) // '%ops ALL=(root) ALL' */
export function renderRule({ user, group, hosts = 'ALL', runAs = 'root', commands, ...tags }: Rule): string {
  const who = group === undefined ? (user ?? '') : `%${group}`
  const words = [
    ...(tags.noPassword === true ? ['NOPASSWD:'] : []),
    ...(tags.setEnvironment === true ? ['SETENV:'] : []),
    [commands].flat().map(escapeCommand).join(', '),
  ]
  return `${who} ${hosts}=(${runAs}) ${words.join(' ')}`
}

/**
 * sudoers(5): these end a command, unless a backslash stands before them. What `#` cuts off is a comment, so that the rule
 * would hold for any arguments.
 */
function escapeCommand(command: string): string {
  return command.replace(/[\\,:=#]/g, '\\$&')
}
