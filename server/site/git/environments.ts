/** What the server's configuration says of a repository's environments. Pure. */
import type { GitSite } from '../../../schemas/generated/types.ts'
import { matchesHost } from '../../../schemas/host-rule.ts'
import type { Repository } from '../source.ts'

export function environmentsIn({
  branch,
  hosts: rules = [],
}: GitSite): Pick<Repository, 'branch' | 'environmentOf' | 'environments'> {
  return {
    branch,
    environmentOf: (host) => rules.find(({ match }) => matchesHost(match, host))?.environment,
    environments: [...new Set(rules.map(({ environment }) => environment))],
  }
}
