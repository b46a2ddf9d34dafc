import fc from 'fast-check'
import { compile, forAnyFacts } from 'rekindle/testing'
import { describe, expect, it } from 'vitest'
import site from '../site.ts'

describe('role web', () => {
  it('lets each client have a hundred connections for each processor', () => {
    const catalog = compile(site, { host: 'web-1', facts: { cpu: { count: 4 } } })
    expect(catalog).toDeclare('file', '/etc/nginx/conf.d/site.conf', { content: /limit_conn each 400;/ })
  })

  it('runs nginx and restarts it when its configuration changed, whatever the host', () => {
    forAnyFacts(fc, (facts) => {
      expect(compile(site, { host: 'web-1', facts })).toDeclare('service', 'nginx', {
        ensure: 'running',
        subscribe: ['file:/etc/nginx/conf.d/site.conf'],
      })
    })
  })
})

describe('role base', () => {
  it('is no web server', () => {
    expect(compile(site, { host: 'db-1' })).not.toDeclare('package', 'nginx')
  })

  it('is as it was when it was last looked at', () => {
    expect(compile(site, { host: 'db-1' })).toMatchInlineSnapshot(`
      role base

      file:/etc/motd
        mode: "0644"
        content:
          | db-1, on bookworm. Managed by Rekindle: changes by hand do not last.
          | Questions: ops@example.org

      timezone:Etc/UTC
    `)
  })
})
