/** `rekindle inspect`: the live state of this host, as the declarations that would change nothing. Writes nothing. */
import { RekindleError } from '../../schemas/errors.ts'
import { createHost } from '../host/real-host.ts'
import { nearestNames } from '../resource/nearest-name.ts'
import { resourceTypes } from '../resource/registry.ts'
import type { Instance } from '../resource/resource-type.ts'
import { constructorOf } from './render.ts'

/**
 * What this host has of a type, or the one of that title.
 *
 * @throws RekindleError for a type that is not known, cannot be listed, or has nothing of that title
 */
export async function inspect(
  type: string,
  title: string | undefined,
  { stateDir }: { readonly stateDir: string },
): Promise<readonly Instance[]> {
  const known = resourceTypes.get(type) ?? typeOfConstructor(type)
  if (known?.inspect === undefined) throw unknown(type)
  const found = await known.inspect(createHost({ stateDir }), title)
  if (title === undefined || found.length > 0) return found
  throw await notFound(known.name, title, () => inspect(type, undefined, { stateDir }))
}

/** Of files and the like there is no list that one could look into. */
async function notFound(
  type: string,
  title: string,
  list: () => Promise<readonly Instance[]>,
): Promise<RekindleError> {
  const known = await list().catch(() => undefined)
  const near = nearestNames(known?.map((one) => one.title) ?? [], title)
  const guess = near.length === 0 ? '' : `Did you mean ${near.map((name) => `"${name}"`).join(', ')}? `
  return new RekindleError({
    code: 'resource-unreadable',
    message: `Cannot inspect ${type} "${title}": this host has none of that name`,
    hint: known === undefined ? undefined : `${guess}List them all: rekindle inspect ${type}`,
  })
}

/** Types by which a host can be described. */
export function inspectableTypes(): readonly string[] {
  return [...resourceTypes.values()].filter((type) => type.inspect !== undefined).map(({ name }) => name)
}

/** People know types by what they write: `pkg`, `hostEntry`. */
function typeOfConstructor(name: string) {
  return [...resourceTypes.values()].find((type) => constructorOf(type.name) === name)
}

function unknown(type: string): RekindleError {
  return new RekindleError({
    code: 'bad-request',
    message: `Cannot inspect "${type}": ${resourceTypes.has(type) ? 'this type cannot be read back' : 'there is no such type'}`,
    hint: `Types: ${inspectableTypes().join(', ')}`,
  })
}
