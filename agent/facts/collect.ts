/** All that a host says for a catalog: facts, packages, what changes by itself, and what went wrong with its own facts. */
import { toError } from '../../schemas/errors.ts'
import type { FactProblem, Facts, Vitals } from '../../schemas/generated/types.ts'
import type { Host } from '../host/host.ts'
import { builtInFacts, readVitals } from './built-in.ts'
import { collectCustom, type FactValues } from './custom.ts'
import { createFactFiles } from './files.ts'
import { readPackages, type Versions } from './packages.ts'

export interface Collected {
  /** Without `packages`. */
  readonly facts: Facts
  /** Undefined when they could not be read, which is then among the problems. */
  readonly packages: Versions | undefined
  readonly vitals: Vitals
  readonly problems: readonly FactProblem[]
}

/** Good values of the site's own facts, kept from run to run. */
export interface FactMemory {
  load(): FactValues
  /** Only called with values that differ from those that were loaded. */
  save(values: FactValues): void
}

export async function collectFacts(
  host: Pick<Host, 'dpkg' | 'exec'>,
  memory: FactMemory,
  factsDir?: string,
): Promise<Collected> {
  const files = createFactFiles()
  const facts = builtInFacts(files)
  const lastGood = memory.load()
  const dir = factsDir === undefined ? {} : { dir: factsDir }
  const custom = await collectCustom({ exec: host.exec, lastGood, ...dir })
  const forgotten = isSame(custom.values, lastGood) ? undefined : trySave(memory, custom.values)
  const packages = await readPackages(facts.packageManager, host, files).catch(toError)
  return {
    facts: { ...facts, custom: { ...custom.values } },
    packages: packages instanceof Error ? undefined : packages,
    vitals: readVitals(files),
    problems: [
      ...custom.problems,
      ...(forgotten === undefined ? [] : [forgotten]),
      ...(packages instanceof Error ? [unreadable(facts, packages)] : []),
    ],
  }
}

function isSame(a: FactValues, b: FactValues): boolean {
  return JSON.stringify(a) === JSON.stringify(b)
}

/** A full disk stops no run: the next one may be what makes room. */
function trySave(memory: FactMemory, values: FactValues): FactProblem | undefined {
  try {
    memory.save(values)
    return undefined
  } catch (error) {
    const reason = `values cannot be kept for the next run: ${toError(error).message}`
    return { fact: 'custom', source: 'the state folder', reason, kept: true }
  }
}

function unreadable({ packageManager }: Facts, { message }: Error): FactProblem {
  return { fact: 'packages', source: packageManager, reason: message, kept: true }
}
