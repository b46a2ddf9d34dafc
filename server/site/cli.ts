/** `rekindle approve`: what waits for a person, and the person's word. */
import { type Command, Option } from 'commander'
import { RekindleError } from '../../schemas/errors.ts'
import type { Context } from '../context.ts'
import type { Db } from '../store/db.ts'
import { type HeldChange, listHeldChanges } from '../store/held-change.ts'
import { type HeldRevision, listHeldRevisions } from '../store/held-revision.ts'
import { newestSite } from '../store/site.ts'
import { signOff } from './admit.ts'
import { approve } from './hold.ts'
import { mainEnvironment } from './source.ts'

interface ApproveOptions {
  readonly config: string
  readonly all?: true
  readonly revision?: string
}

type Tools = Pick<Context, 'db' | 'now'>

/** @param withDatabase opens the server's, and closes it after */
export function addApprove(
  program: Command,
  withDatabase: (options: ApproveOptions, work: (tools: Tools) => void) => Promise<void>,
): void {
  program
    .command('approve')
    .argument('[hosts...]', 'those whose new catalogs are to be handed out; without, what waits is listed')
    .description(
      'sign off catalogs that leave out more resources than their pools allow, and revisions whose change a policy wants approved',
    )
    .option('--all', 'every catalog that waits')
    .option('--revision <revision>', 'the revision of the site that waits')
    .addOption(
      new Option('--config <file>', 'the server’s configuration').default('/etc/rekindle/server.json'),
    )
    .action((hosts: readonly string[], options: ApproveOptions) =>
      withDatabase(options, (tools) => {
        const waiting = listHeldChanges(tools.db)
        const chosen = options.all === true ? waiting.map(({ host }) => host) : hosts
        if (options.revision !== undefined) approveRevisions(tools, options.revision)
        else if (chosen.length === 0) console.log(renderWaiting(tools.db, waiting))
        for (const host of chosen) approveHost(tools, host)
      }),
    )
}

function approveHost(tools: Tools, host: string): void {
  const { dropped, resources } = approve(tools, host, { by: 'command-line' })
  console.log(`${host}: its next request is answered without ${dropped.length} of ${resources} resources`)
}

/** Several environments may wait for one. */
function approveRevisions(tools: Tools, revision: string): void {
  const held = listHeldRevisions(tools.db).filter((one) => one.revision === revision)
  if (held.length === 0) {
    throw new RekindleError({
      code: 'conflict',
      message: `Cannot approve revision "${revision}": it does not wait`,
      hint: 'rekindle approve lists what does',
    })
  }
  for (const one of held) {
    signOff(tools, { by: 'command-line', evidence: one.evidence })
    console.log(`${nameOf(one)}: revision ${revision} is served in a moment`)
  }
}

function renderWaiting(db: Db, waiting: readonly HeldChange[]): string {
  const lines = [
    ...listHeldRevisions(db).map((held) => renderRevision(db, held)),
    ...waiting.map(renderHeldChange),
  ]
  return lines.length === 0 ? 'No change waits for approval' : lines.join('\n')
}

function renderRevision(db: Db, held: HeldRevision): string {
  const seen = newestSite(db, held.environment)
  const problems = seen?.revision === held.revision ? seen.problems : []
  return [
    `${nameOf(held)}: revision ${held.revision}`,
    ...problems.map(({ message }) => `  ${message}`),
  ].join('\n')
}

function nameOf({ environment }: HeldRevision): string {
  return environment === mainEnvironment ? 'site' : `environment ${environment}`
}

function renderHeldChange({ host, dropped, resources, revision }: HeldChange): string {
  return [
    `${host}: revision ${revision} leaves out ${dropped.length} of ${resources} resources`,
    ...dropped.map((id) => `  ${id}`),
  ].join('\n')
}
