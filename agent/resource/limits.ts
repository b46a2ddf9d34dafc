/**
 * Limits of pam_limits, each in a file of its own. It reads /etc/security/limits.d in the order of names and the last line
 * counts, so that ours come after those of packages.
 */
import type { LimitsParams } from '../../schemas/generated/types.ts'
import type { Host } from '../host/host.ts'
import { ofTitle } from './instance.ts'
import { ownedText } from './owned-text.ts'
import type { Instance } from './resource-type.ts'
import { readTextFile } from './text-file.ts'

const folder = '/etc/security/limits.d'
const prefix = '99-rekindle-'

type Limit = Pick<LimitsParams, 'domain' | 'type' | 'item' | 'value'>

export const limits = ownedText<LimitsParams>({
  name: 'limits',
  pathOf: ({ params }) => `${folder}/${fileNameOf(params)}`,
  render: ({ params }) => renderLimit(params),
  folderOf: () => folder,
  inspect,
})

/** Types and items have no `-` but the type that is one, so that no two limits have one name. */
export function fileNameOf({ domain, type, item }: Limit): string {
  const name = domain.replaceAll(/[^A-Za-z0-9_.-]/g, (one) => `~${Buffer.from(one).toString('hex')}`)
  return `${prefix}${name}-${type === '-' ? 'both' : type}-${item}.conf`
}

export function renderLimit({ domain, type, item, value = '' }: Limit): string {
  return `# Written by Rekindle: edits are lost.\n${domain}\t${type}\t${item}\t${value}\n`
}

/** @example parseLimits('@dba - nofile 4096 # note') // [{ domain: '@dba', type: '-', item: 'nofile', value: '4096' }] */
export function parseLimits(
  text: string,
): readonly { readonly [Name in 'domain' | 'type' | 'item' | 'value']: string }[] {
  return text.split('\n').flatMap((line) => {
    const [domain, type, item, value] = (line.split('#')[0] ?? '').trim().split(/\s+/)
    if (domain === undefined || type === undefined || item === undefined || value === undefined) return []
    return [{ domain, type, item, value }]
  })
}

/** What our files say; others' are not ours to remove. */
async function inspect(host: Host, title: string | undefined): Promise<readonly Instance[]> {
  const own = host.files.list(folder).filter((name) => name.startsWith(prefix) && name.endsWith('.conf'))
  const instances = own.flatMap((name) =>
    parseLimits(readTextFile(host, `${folder}/${name}`).text ?? '').map(({ value, ...rest }) => ({
      title: `${rest.domain} ${rest.type} ${rest.item}`,
      params: { ...rest, value: /^-?\d+$/.test(value) ? Number(value) : value },
    })),
  )
  return ofTitle(instances, title)
}
