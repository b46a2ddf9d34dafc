/** Debian packages, brought to what is wanted: as few calls of apt-get as their options allow. */
import { RekindleError } from '../../../schemas/errors.ts'
import type { PackageParams } from '../../../schemas/generated/types.ts'
import type { Host } from '../../host/host.ts'
import type { Step, Wanted } from '../resource-type.ts'
import { type AptState, isPresent, nameOf } from './apt.ts'
import { compareDebVersions } from './deb-version.ts'
import { isRange } from './version-range.ts'

/** One apt-get for all that are installed with equal options, one for all that are removed. */
export async function applyManyApt(
  host: Host,
  steps: readonly Step<PackageParams, AptState>[],
): Promise<void> {
  for (const group of Map.groupBy(steps.filter(isRemoval), removalKey).values()) await removeAll(host, group)
  const coming = steps.filter((step) => !isRemoval(step))
  for (const group of Map.groupBy(coming.filter(changesVersion), optionsKey).values())
    await installAll(host, group)
  for (const held of [true, false]) {
    // A version that changed under a hold has lost it on the way.
    const names = coming.filter(({ wanted }) => wanted.params.held === held).map(targetOf)
    if (names.length > 0) await host.dpkg.hold(names, held)
  }
}

type AptStep = Step<PackageParams, AptState>

function isRemoval({ wanted: { params } }: AptStep): boolean {
  return !isPresent(params)
}

function changesVersion({ changes }: AptStep): boolean {
  return changes.some(({ property }) => property !== 'held')
}

function removalKey({ wanted: { params } }: AptStep): string {
  return `${params.ensure} ${params.removeDependents === true}`
}

function optionsKey({ wanted: { params } }: AptStep): string {
  const { recommends, release, installOptions, configFiles, startServices, removeConflicting } = params
  return JSON.stringify([
    ...[recommends, release, installOptions, configFiles, startServices, removeConflicting],
  ])
}

async function removeAll(host: Host, steps: readonly AptStep[]): Promise<void> {
  const names = steps.map(({ wanted }) => nameOf(wanted))
  const [first] = steps
  if (first?.wanted.params.removeDependents !== true) await assertAlone(host, first, names)
  if (first?.wanted.params.ensure === 'purged') await host.dpkg.purge(names)
  else await host.dpkg.remove(names)
}

/** apt removes what needs a package along with it, without a word in a run that nobody watches. */
async function assertAlone(host: Host, step: AptStep | undefined, names: readonly string[]): Promise<void> {
  const { packages } = host.dpkg.read()
  // apt leaves out the architecture that is the host's own.
  const isMeant = (removed: string) =>
    names.some((name) => name === removed || packages.get(name) === (packages.get(removed) ?? null))
  const also = (await host.dpkg.removals(names)).filter((name) => !isMeant(name))
  if (also.length === 0) return
  throw new RekindleError({
    code: 'apply-failed',
    message: `Cannot remove package ${quoted(names)}: ${quoted(also)} would be removed too`,
    where: step?.wanted.where,
    kept: 'all of them',
    hint: 'Declare those absent too, or set removeDependents to true',
  })
}

async function installAll(host: Host, steps: readonly AptStep[]): Promise<void> {
  const [first] = steps
  if (first === undefined) return
  const { recommends = false, release, installOptions, configFiles, startServices } = first.wanted.params
  for (const step of steps) assertInstallable(step)
  const answers = steps.flatMap(({ wanted }) => answersOf(wanted))
  if (answers.length > 0) await host.dpkg.preseed(answers)
  const held = steps.filter(
    ({ wanted, actual }) => actual.found?.held === true && wanted.params.held !== undefined,
  )
  if (held.length > 0) await host.dpkg.hold(held.map(targetOf), false)
  const requests = steps.map((step) => ({
    name: targetOf(step),
    version: step.actual.resolved ?? exactVersion(step.wanted.params) ?? lowerCandidate(step),
    path: step.wanted.params.source,
  }))
  await host.dpkg.install(requests, {
    recommends,
    release,
    options: installOptions,
    replaceConfigFiles: configFiles === 'replace',
    startServices: startServices !== false,
    removeConflicting: first.wanted.params.removeConflicting === true,
  })
}

/** A pin above 1000 makes an older version the candidate; apt wants that said. */
function lowerCandidate({ wanted: { params }, actual: { found, candidate } }: AptStep): string | undefined {
  if (params.ensure !== 'latest' || candidate === null || found?.version === undefined) return undefined
  return compareDebVersions(candidate, found.version) < 0 ? candidate : undefined
}

function assertInstallable({ wanted, actual, changes }: AptStep): void {
  const { version } = wanted.params
  if (version === undefined || !isRange(version) || actual.resolved !== undefined) return
  throw new RekindleError({
    code: 'apply-failed',
    message: `Cannot install package "${nameOf(wanted)}": apt knows no version of it in ${version}`,
    where: wanted.where,
    kept: `"${nameOf(wanted)}" is ${changes[0]?.from ?? 'absent'}`,
    hint: 'apt-cache madison NAME lists the versions; newer lists may be needed (apt-get update)',
  })
}

/** As debconf-set-selections(1) reads them. */
function answersOf(wanted: Wanted<PackageParams>): readonly string[] {
  return Object.entries(wanted.params.debconf ?? {}).map(
    ([question, { type, value }]) => `${nameOf(wanted)} ${question} ${type} ${value}`,
  )
}

function exactVersion({ version }: PackageParams): string | undefined {
  return version === undefined || isRange(version) ? undefined : version
}

/** For an upgrade, the package that stands for a virtual name. */
function targetOf({ wanted, actual: { found } }: AptStep): string {
  return wanted.params.ensure === 'latest' ? (found?.name ?? nameOf(wanted)) : nameOf(wanted)
}

function quoted(names: readonly string[]): string {
  return names.map((name) => `"${name}"`).join(', ')
}
