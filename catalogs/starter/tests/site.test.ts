import { compile } from 'rekindle/testing'
import { describe, expect, it } from 'vitest'
import site from '../site.ts'

describe('role web', () => {
  it('lets each client have a hundred connections for each processor', () => {
    const catalog = compile(site, { host: 'web-1', facts: { cpu: { count: 4 } } })
    expect(catalog.find('file', '/etc/nginx/conf.d/site.conf').content).toContain('limit_conn each 400;')
  })

  it('restarts nginx when its configuration changed', () => {
    const catalog = compile(site, { host: 'web-1' })
    expect(catalog.find('service', 'nginx').subscribe).toEqual(['file:/etc/nginx/conf.d/site.conf'])
  })
})

it('greets on every host, with its name', () => {
  for (const host of ['web-1', 'db-1']) {
    expect(compile(site, { host }).find('file', '/etc/motd').content).toContain(`${host}, on bookworm.`)
  }
})
