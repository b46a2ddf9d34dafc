/** Resolves secrets by name from the configured sources. Values live in memory, for a short while, and nowhere else. */
import { createHmac, type KeyObject } from 'node:crypto'
import { join } from 'node:path'
import { RekindleError, toError } from '../../schemas/errors.ts'
import { createAgeSource } from './age.ts'
import { createEnvironmentSource, createFilesSource } from './files.ts'
import { createProgramSource } from './program.ts'
import { assertValue, type SecretConfig, type SecretSource } from './source.ts'
import { createVaultSource } from './vault.ts'

export interface Secrets {
  /**
   * Values by name, for hosts that are served this revision of the site.
   *
   * @throws RekindleError `secret-unavailable`, which names the first secret that cannot be had, its source, and why
   */
  resolve(names: readonly string[], revision: string): Promise<ReadonlyMap<string, string>>
  /** Digests by name, keyed: who has them cannot try values. */
  digest(values: ReadonlyMap<string, string>): Readonly<Record<string, string>>
}

export interface SecretSettings {
  readonly sources: readonly SecretConfig[]
  /** Of the server alone; keys the digests. */
  readonly key: KeyObject
  /** Where revisions of sites stand, each in a folder of its name. */
  readonly siteDir: string
  readonly environment: Readonly<Record<string, string | undefined>>
  /** Milliseconds since the epoch. */
  readonly now: () => number
}

interface Route {
  readonly prefix: string
  readonly source: SecretSource
  readonly everyMs: number
}

interface Kept {
  readonly at: number
  readonly value: Promise<string>
}

export function createSecrets(settings: SecretSettings): Secrets {
  const { key, siteDir, environment, now } = settings
  const routes = settings.sources.map((config) => toRoute(config, environment))
  const kept = new Map<string, Kept>()

  function read(name: string, revision: string): Promise<string> {
    const route = routes.find(({ prefix }) => name.startsWith(prefix) && name !== prefix)
    if (route === undefined) return Promise.reject(noSource(name))
    const { source, prefix, everyMs } = route
    const id = `${revision} ${name}`
    const known = kept.get(id)
    if (known !== undefined && now() - known.at < everyMs) return known.value
    const value = source
      .read(name.slice(prefix.length), { siteDir: join(siteDir, revision) })
      .then((found: unknown) => {
        assertValue(found)
        return found
      })
      .catch((thrown: unknown) => {
        if (kept.get(id)?.value === value) kept.delete(id)
        throw unavailable(name, source, toError(thrown).message)
      })
    kept.set(id, { at: now(), value })
    forgetOld()
    return value
  }
  /** A value is not kept for longer than it is used. */
  function forgetOld(): void {
    const longestMs = Math.max(...routes.map(({ everyMs }) => everyMs))
    for (const [id, { at }] of kept) if (now() - at > longestMs) kept.delete(id)
  }
  return {
    async resolve(names, revision) {
      const values = await Promise.all(names.map(async (name) => [name, await read(name, revision)] as const))
      return new Map(values)
    },
    digest: (values) =>
      Object.fromEntries(
        [...values].map(([name, value]) => [
          name,
          createHmac('sha256', key).update(`${name}\0${value}`).digest('hex'),
        ]),
      ),
  }
}

function toRoute(config: SecretConfig, environment: SecretSettings['environment']): Route {
  const { prefix = '', everySeconds = 60 } = config
  return { prefix, source: sourceOf(config, environment), everyMs: everySeconds * 1000 }
}

function sourceOf(config: SecretConfig, environment: SecretSettings['environment']): SecretSource {
  switch (config.from) {
    case 'files':
      return createFilesSource(config)
    case 'env':
      return createEnvironmentSource(config, environment)
    case 'age':
      return createAgeSource(config)
    case 'vault':
      return createVaultSource(config)
    case 'program':
      return createProgramSource(config)
    default:
      return config satisfies never
  }
}

function noSource(name: string): RekindleError {
  return new RekindleError({
    code: 'secret-unavailable',
    message: `Cannot resolve secret "${name}": the server's configuration has no source for it`,
    kept: 'the last good catalog',
    hint: 'Name one in "secrets" of server.json',
  })
}

function unavailable(name: string, source: SecretSource, reason: string): RekindleError {
  return new RekindleError({
    code: 'secret-unavailable',
    message: `Cannot resolve secret "${name}" from ${source.name}: ${reason}`,
    kept: 'the last good catalog',
    hint: 'See which ones are missing: rekindle secret check SITE --config server.json',
  })
}
