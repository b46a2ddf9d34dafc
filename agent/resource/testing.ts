/** What tests of a site's own resource types import as 'rekindle/testing/type'. */
import { readFileSync } from 'node:fs'
import { copyFile } from 'node:fs/promises'
import { sha256 } from '../../schemas/hash.ts'
import { createHost } from '../host/real-host.ts'
import { resourceTypeContract } from './contract.ts'
import { custom } from './custom.ts'

export interface CustomTypeCase {
  /** What is done to the host, as in "the text is another". */
  readonly title: string
  /** Title of the resource. */
  readonly resource: string
  readonly params: Readonly<Record<string, unknown>>
  /** Brings the host to a state that differs from what is wanted. */
  readonly breakIt: () => void | Promise<void>
  /** Equal for equal states of all that the script could write. */
  readonly snapshot: () => unknown
  /** What no change may show. */
  readonly secrets?: readonly string[]
}

export interface CustomTypeContract {
  readonly name: string
  /** Path of the script. */
  readonly script: string
  readonly sensitive?: readonly string[]
  readonly cases: readonly CustomTypeCase[]
}

/**
 * Registers the suite that Rekindle's own resource types pass, on this machine.
 *
 * @example customTypeContract({ name: 'line', script: 'types/line.py', cases: [...] })
 */
export function customTypeContract({ name, script, sensitive = [], cases }: CustomTypeContract): void {
  const bytes = readFileSync(script)
  const blob = { sha256: sha256(bytes), size: bytes.length }
  const host = {
    ...createHost({ stateDir: '/nonexistent' }),
    // The script is run from where it stands; nothing is kept.
    blobs: {
      has: () => true,
      path: () => script,
      read: () => Promise.resolve(bytes),
      put: () => Promise.resolve(),
      copyTo: (_: string, to: string) => copyFile(script, to),
      prune: () => {},
      hold: () => {},
    },
  }
  for (const { title, resource, params, breakIt, snapshot, secrets = [] } of cases) {
    const wanted = { params, blob, sensitive: [...sensitive] }
    const one = { title, resource: `${name}/${resource}`, params: wanted, breakIt, secrets }
    resourceTypeContract(custom, [one], { open: () => host, snapshot })
  }
}
