import { describe, expect, it } from 'vitest'
import type { SiteManifest } from '../../schemas/generated/types.ts'
import { manifest } from '../http/test-server.ts'
import { listEnvironments, placeHost } from './placement.ts'

const main: SiteManifest = {
  ...manifest,
  hosts: [
    { match: ['web-9'], roles: ['web'], pool: 'web', environment: 'main', where: 'site.ts:3' },
    { match: ['web-*'], roles: ['web'], pool: 'web', environment: 'staging', where: 'site.ts:3' },
    {
      match: ['*'],
      when: [{ name: 'facts.virtual', is: ['metal'], matches: [] }],
      roles: ['store'],
      pool: 'web',
      where: 'site.ts:3',
    },
    {
      match: ['x-*'],
      when: [{ name: 'host.attributes.tier', is: ['test'], matches: [] }],
      roles: ['db'],
      pool: 'web',
      environment: 'staging',
      where: 'site.ts:3',
    },
    { match: ['*'], roles: ['db'], pool: 'web', where: 'site.ts:3' },
  ],
}
const staging: SiteManifest = {
  ...manifest,
  hosts: [{ match: ['*'], roles: ['db'], pool: 'web', environment: 'other', where: 'site.ts:3' }],
}
const served: Record<string, SiteManifest> = { '': main, staging }
const manifestOf = (environment: string) => served[environment]
const repository = {
  branch: 'main',
  environments: ['v1'],
  environmentOf: (host: string) => (host === 'web-7' ? 'v1' : undefined),
}

const known = { facts: { virtual: 'kvm' }, attributes: {} }

describe('placeHost()', () => {
  it.each([
    ['db-1', '', 'db', 'web'],
    ['web-9', '', 'web', 'web'],
    ['web-1', 'staging', 'db', 'web@staging'],
    ['web-7', 'v1', undefined, undefined],
  ])('puts %s in %j', (host, environment, role, pool) => {
    const placed = placeHost(host, manifestOf, repository, () => known)
    expect([placed.environment, placed.rule?.roles.join(), placed.pool?.name]).toEqual([
      environment,
      role,
      pool,
    ])
  })

  it('takes conditions into account; facts say nothing of the environment', () => {
    const placed = (facts: object, attributes = {}) => {
      const { environment, rule } = placeHost('x-1', manifestOf, repository, () => ({ facts, attributes }))
      return [environment, rule?.roles.join()]
    }
    expect(placed({})).toEqual(['', 'db'])
    expect(placed({ virtual: 'metal' })).toEqual(['', 'store'])
    expect(placed({ virtual: 'metal' }, { tier: 'test' })).toEqual(['staging', 'db'])
  })

  it('asks the data of the host’s own environment, which says nothing of the environment', () => {
    const asking = (is: string, environment?: string) => ({
      ...{ match: ['web-*'], when: [{ name: 'data.kind', is: [is], matches: [] }] },
      ...{ roles: ['store'], pool: 'web', where: 'site.ts:3' },
      ...(environment && { environment }),
    })
    const all: Record<string, SiteManifest> = {
      '': { ...main, hosts: [asking('edge', 'staging'), asking('core'), ...main.hosts] },
      staging: { ...staging, hosts: [asking('edge'), ...staging.hosts] },
    }
    const placed = (host: string, kinds: Record<string, string>) => {
      const dataIn = (environment: string) => ({ kind: kinds[environment] })
      const { environment, rule } = placeHost(
        host,
        (name) => all[name],
        repository,
        () => ({ ...known, dataIn }),
      )
      return [environment, rule?.roles.join()]
    }
    expect(placed('web-9', { '': 'edge' })).toEqual(['', 'store'])
    expect(placed('web-9', { '': 'other', staging: 'edge' })).toEqual(['', 'web'])
    expect(placed('web-1', { '': 'core', staging: 'edge' })).toEqual(['staging', 'store'])
    expect(placed('web-1', { '': 'edge', staging: 'core' })).toEqual(['staging', 'db'])
  })

  it('knows one environment where the site is a folder', () => {
    expect(placeHost('web-1', manifestOf, undefined, () => known)).toMatchObject({
      environment: '',
      rule: { roles: ['web'] },
    })
  })
})

it('listEnvironments() names each once, and the main one never', () => {
  expect(listEnvironments(main, repository)).toEqual(['v1', 'staging'])
  expect(listEnvironments(undefined, repository)).toEqual(['v1'])
  expect(listEnvironments(main, undefined)).toEqual([])
})
