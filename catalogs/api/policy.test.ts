/** Policies through the test kit: what a site's own tests can say of them. */
import { describe, expect, it } from 'vitest'
import { file, policy, pool, role, service, site } from './index.ts'
import { compile } from './testing.ts'

const web = role('web', () => {
  file('/etc/open', { content: 'secret', mode: '0666' })
  service('nginx', { enable: true })
})
const closed = policy('no world-writable file', {
  level: 'refuse',
  check: ({ all }) =>
    all('file')
      .filter(({ params }) => /[2367]$/.test(params.mode ?? ''))
      .map((resource) => ({ resource, message: `everybody may write ${resource.content}` })),
})
const healthy = policy('every service has a health check', {
  level: 'warn',
  check: ({ pool: { name, health } }) => (health.length > 0 ? [] : [{ message: `pool ${name} has none` }]),
})

function findings(options: Parameters<typeof site>[0], host = 'web-1') {
  return compile(site(options), { host, siteDir: '/srv/site' }).findings
}

describe('policy()', () => {
  const hosts = [{ match: '*', role: web }]

  it('shows a test what breaks it, and does not refuse there', () => {
    expect(findings({ hosts, policies: [closed, healthy] })).toEqual([
      {
        policy: 'no world-writable file',
        level: 'refuse',
        message: 'Policy "no world-writable file" refuses file "/etc/open": everybody may write secret',
        where: 'site.ts',
        hint: null,
      },
      {
        policy: 'every service has a health check',
        level: 'warn',
        message: 'Policy "every service has a health check" warns of role "web": pool web has none',
        where: expect.stringContaining('policy.test.ts:'),
        hint: null,
      },
    ])
  })

  it('sees the pool with what the site says of it', () => {
    const front = pool('front', { health: [{ port: 80 }] })
    expect(findings({ hosts: [{ match: '*', role: web, pool: front }], policies: [healthy] })).toEqual([])
  })

  it('holds where nothing breaks it, and for a role by itself there is none', () => {
    expect(findings({ hosts })).toEqual([])
    expect(compile(web, { siteDir: '/srv/site' }).findings).toEqual([])
  })
})
