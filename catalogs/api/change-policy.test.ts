/** What a site's policies over changes say, and what is refused in one. */
import { describe, expect, it } from 'vitest'
import type { FleetChange } from '../../schemas/fleet-change.ts'
import { type ChangePolicyOptions, judgeChange } from './change-policy.ts'
import { changePolicy, pool, role, site } from './index.ts'
import { survey } from './survey.ts'

const siteDir = import.meta.dirname
const host = (name: string, pool = 'web', roles: readonly string[] = ['base', 'web']) => ({
  name,
  pool,
  roles,
})
const group = (hosts: FleetChange['hosts'], extra: Partial<FleetChange['groups'][number]> = {}) => ({
  hosts,
  ...{ added: [], changed: [], removed: [], restarts: [], reloads: [] },
  ...extra,
})
const hosts = [...Array.from({ length: 20 }, (_, index) => host(`web-${index}`)), host('db-1', 'db', ['db'])]

const said = (options: ChangePolicyOptions, change: FleetChange) =>
  judgeChange([changePolicy('careful', options)], change, siteDir).map(({ message }) => message)

describe('changePolicy()', () => {
  it.each([
    [1, []],
    [2, ['Policy "careful" wants approval: 2 of 20 hosts of pool "web" would change, more than 5 %']],
  ])('with a share of 5 %% of 20 hosts, of which %i change', (count, messages) => {
    const change = { hosts, groups: [group(hosts.slice(0, count)), group([host('db-1', 'db', ['db'])])] }
    expect(said({ level: 'approve', pool: pool('web'), maxShare: 0.05 }, change)).toEqual(messages)
  })

  it('counts hosts that restart a service, over all groups', () => {
    const restarts = ['service:postgresql']
    const groups = [
      group(hosts.slice(0, 1), { restarts }),
      group(hosts.slice(1, 2), { restarts }),
      group(hosts.slice(3)),
    ]
    const options = { level: 'refuse', role: 'web' } as const
    expect(said({ ...options, maxRestarts: 2 }, { hosts, groups })).toEqual([])
    expect(said({ ...options, maxRestarts: 1 }, { hosts, groups })).toEqual([
      'Policy "careful" refuses: 2 of 20 hosts with role "web" would restart a service, more than 1',
    ])
  })

  it('does not let one policy change what the next one sees', () => {
    const change: FleetChange = { hosts, groups: [group(hosts)] }
    const greedy = changePolicy('greedy', {
      level: 'warn',
      check: ({ groups }) => (groups as unknown[]).splice(0) && [],
    })
    const limit = changePolicy('limit', { level: 'warn', maxShare: 0 })
    expect(judgeChange([greedy, limit], change, siteDir).map(({ policy }) => policy)).toEqual(['limit'])
  })

  it('refuses when its check throws or gives no list, whatever its level', () => {
    const change = { hosts, groups: [] }
    const broken = [
      () => {
        throw new Error('too late')
      },
      () => undefined as unknown as [],
    ]
    const verdicts = broken.flatMap((check) =>
      judgeChange([changePolicy('broken', { level: 'warn', check })], change, siteDir),
    )
    expect(verdicts).toEqual([
      expect.objectContaining({
        level: 'refuse',
        message: 'Cannot check policy "broken" for the change: too late',
        where: expect.stringMatching(/^change-policy\.test\.ts:\d+$/),
      }),
      expect.objectContaining({
        level: 'refuse',
        message: expect.stringContaining('its check gives no list'),
      }),
    ])
  })
})

describe('a site with a policy over changes', () => {
  const web = role('web', () => {})
  const surveyed = (options: unknown) =>
    survey(
      site({
        hosts: [{ match: '*', role: web }],
        policies: [changePolicy('p', options as ChangePolicyOptions)],
      }),
      siteDir,
    )

  it('names it in its manifest', () => {
    expect(surveyed({ level: 'approve', pool: 'web', role: web, maxShare: 1 })).toMatchObject({
      ok: true,
      manifest: { changePolicies: ['p'] },
      policies: [],
    })
  })

  it.each([
    [{ level: 'hold', maxShare: 1 }, '"level" wants "warn", "approve" or "refuse", found "hold"'],
    [{ level: 'warn' }, 'wanted "maxShare", "maxRestarts" or "check"'],
    [{ level: 'warn', maxShare: 5 }, '"maxShare" wants a share from 0 to 1, found 5'],
    [{ level: 'warn', maxRestarts: 0.5 }, '"maxRestarts" wants a count of hosts, found 0.5'],
    [{ level: 'warn', pool: 'wbe', maxShare: 1 }, 'the site has no pool "wbe", only web'],
    [{ level: 'warn', role: 7, maxShare: 1 }, '"role" wants a role or its name'],
    [{ level: 'warn', check: () => [], maxShare: 1 }, '"maxShare" has no meaning beside "check"'],
    [{ level: 'warn', check: 'all' }, '"check" wants a function'],
  ])('is refused for %j', (options, wrong) => {
    expect(surveyed(options)).toMatchObject({
      ok: false,
      mistakes: [{ message: `Cannot use policy "p": ${wrong}` }],
    })
  })
})
