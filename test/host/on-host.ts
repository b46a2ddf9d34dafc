/** One machine of a lab with the agent in it and no server: catalogs are written into it and applied. */
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { resourceTraits } from '../../schemas/generated/resource-traits.ts'
import type { Catalog, CatalogResource, Report } from '../../schemas/generated/types.ts'
import { sha256 } from '../../schemas/hash.ts'
import { requestFor } from '../../server/machine/contract.ts'
import type { Ran } from '../../server/machine/nspawn/run.ts'
import type { Lab } from '../lab/lab.ts'

export interface Applied {
  readonly code: number
  readonly report: Report
  readonly stderr: string
}

export interface OnHost {
  readonly machine: string
  run(argv: readonly string[]): Promise<Ran>
  /** Output of a command that has to succeed. */
  output(argv: readonly string[]): Promise<string>
  apply(
    resources: readonly CatalogResource[],
    options?: {
      readonly noop?: boolean
      readonly drift?: Catalog['drift']
      readonly flags?: readonly string[]
    },
  ): Promise<Applied>
  /** Puts a catalog where `applyCommand` reads it. */
  prepareCatalog(resources: readonly CatalogResource[], drift?: Catalog['drift']): void
  readonly applyCommand: readonly string[]
  /** A resource as a catalog has it; `content` is put into the machine's blob store. */
  resource(id: string, params: Record<string, unknown>, more?: Partial<CatalogResource>): CatalogResource
}

const blobs = '/root/blobs'

/** Boots `machine`; its agent daemon is stopped, so that only `apply` converges it. */
export async function bootHost(lab: Lab, machine: string): Promise<OnHost> {
  await lab.driver.create(requestFor(machine, machine))
  const root = join(lab.settings.dir, machine, 'root')
  mkdirSync(join(root, blobs), { recursive: true })
  const run = (argv: readonly string[]) => lab.enter(machine, argv)
  async function output(argv: readonly string[]): Promise<string> {
    const { code, stdout, stderr } = await run(argv)
    if (code !== 0) throw new Error(`${argv.join(' ')} exited ${code}: ${stderr}`)
    return stdout
  }
  await output(['systemctl', 'disable', '--now', '--quiet', 'rekindle-agent'])
  await output(['apt-get', 'update', '-qq'])
  function prepareCatalog(resources: readonly CatalogResource[], drift: Catalog['drift'] = 'correct'): void {
    const catalog: Catalog = {
      version: 1,
      host: machine,
      role: 'test',
      revision: 'test',
      drift,
      resources: [...resources],
    }
    writeFileSync(join(root, 'root/catalog.json'), JSON.stringify(catalog))
  }
  const applyCommand = [
    ...['rekindle', 'apply', '/root/catalog.json', '--blobs', blobs, '--json', '--detailed-exitcodes'],
  ]
  return {
    machine,
    run,
    output,
    resource(id, { content: given, ...rest }, more = {}) {
      const type = id.slice(0, id.indexOf(':'))
      const isBlob = resourceTraits[type as keyof typeof resourceTraits]?.hasBlob
      const content = isBlob ? given : undefined
      const params = isBlob || given === undefined ? rest : { ...rest, content: given }
      const isContent = typeof content === 'string' || Buffer.isBuffer(content)
      const blob = isContent ? { blob: { sha256: sha256(content), size: Buffer.byteLength(content) } } : {}
      if (isContent) writeFileSync(join(root, blobs, sha256(content)), content)
      return {
        id,
        type,
        title: id.slice(type.length + 1),
        params: { ...params, ...blob },
        where: 'test.ts:1',
        ...more,
      }
    },
    prepareCatalog,
    applyCommand,
    async apply(resources, { noop = false, drift, flags = [] } = {}) {
      prepareCatalog(resources, drift)
      const { code, stdout, stderr } = await run([...applyCommand, ...(noop ? ['--noop'] : []), ...flags])
      if (stdout === '') throw new Error(`rekindle apply exited ${code}: ${stderr}`)
      return { code, report: JSON.parse(stdout) as Report, stderr }
    },
  }
}
