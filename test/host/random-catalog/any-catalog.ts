/** Small random catalogs of every resource type over what each host of the lab has, and a look at all that they can touch. */
import fc from 'fast-check'
import { parseResourceId } from '../../../schemas/resource-id.ts'
import { collectedFrom } from '../../../server/compiler/collected.ts'
import { accountFamily } from './account.ts'
import { coreFamily } from './core.ts'
import { deliveryFamily } from './delivery.ts'
import type { Choice, Draft, Family, Fixtures } from './family.ts'
import { packageFamily } from './package.ts'
import { pieceFamily } from './piece.ts'
import { protectionFamily } from './protection.ts'
import { settingFamily } from './setting.ts'
import { systemFamily } from './system.ts'
import { upkeepFamily } from './upkeep.ts'

const families: readonly Family[] = [
  ...[coreFamily, accountFamily, pieceFamily, systemFamily, packageFamily],
  ...[deliveryFamily, protectionFamily, settingFamily, upkeepFamily],
]

/** Makes on a host what the catalogs are about. */
export const prepareCommand: readonly string[] = [
  'bash',
  '-euc',
  `
apt-get update -qq
DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends --option=Dpkg::Options::=--force-unsafe-io ${families.flatMap(({ packages = [] }) => packages).join(' ')} > /dev/null 2>&1
${families
  .flatMap(({ prepare = [] }) => prepare)
  .map((script) => `(${script}\n)`)
  .join('\n')}`,
]

/** Everything that the catalogs can touch, as text. What a git of its own keeps is for its family to tell. */
export const lookCommand: readonly string[] = [
  'bash',
  '-c',
  `
show() {
  (cd $1 || exit
   find . -name .git -prune -o -printf '%P %y %m %u %g %l\\n' | sort
   find . -name .git -prune -o -type f -print0 | sort -z | xargs -0r sha256sum)
}
{ ${families.map(({ look }) => `(${look}\n)`).join('\n')}
} 2> /dev/null; true`,
]

/** Every resource that a catalog may have, each with its parameters open. */
export function choicesOf(fixtures: Fixtures): readonly fc.Arbitrary<Choice>[] {
  return families.flatMap(({ choices }) => choices(fixtures))
}

/** Two to eight resources, each thing once, some of them waiting for earlier ones. */
export function catalogsOf(fixtures: Fixtures): fc.Arbitrary<readonly Draft[]> {
  const choice = fc.oneof(...choicesOf(fixtures))
  return fc
    .uniqueArray(fc.tuple(choice, fc.integer({ min: -8, max: 7 })), {
      selector: ([{ id, thing = id }]) => thing,
      minLength: 2,
      maxLength: 8,
    })
    .map((drawn) => draftsOf(drawn.toSorted(([a], [b]) => rankOf(a) - rankOf(b))))
}

/** What waits for others by its nature comes last, so that no two wait for each other. */
function rankOf({ after = [], subscribe = [] }: Choice): number {
  return after.length + subscribe.length
}

function draftsOf(drawn: readonly (readonly [Choice, number])[]): readonly Draft[] {
  const ids = new Set(drawn.map(([{ id }]) => id))
  const collected = collectedFrom(drawn.map(([choice]) => declaredOf(choice)))
  return drawn.map(([choice, back], index) => {
    const earlier = back < index ? drawn[back]?.[0].id : undefined
    const { id, params, after = [] } = choice
    return {
      id,
      params: { ...params, ...collected(declaredOf(choice)) },
      require: [
        ...new Set([...(earlier === undefined ? [] : [earlier]), ...after.filter((one) => ids.has(one))]),
      ],
      notify: drawn.flatMap(([{ id: other, subscribe = [] }]) => (subscribe.includes(id) ? [other] : [])),
    }
  })
}

function declaredOf({ id, params }: Choice) {
  const { type, title } = parseResourceId(id)
  return {
    type,
    title,
    params,
    require: [],
    before: [],
    notify: [],
    subscribe: [],
    tags: [],
    where: 'test.ts:1',
  }
}
