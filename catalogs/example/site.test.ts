import { compile } from 'rekindle/testing'
import { describe, expect, it } from 'vitest'
import site from './site.ts'

describe('role web', () => {
  it('gives nginx one worker for each processor', () => {
    const conf = (count: number) =>
      compile(site, { host: 'web-1', facts: { cpu: { count } } }).find('file', '/etc/nginx/nginx.conf')
        .content
    expect(conf(2)).toContain('worker_processes 2;')
    expect(conf(16)).toContain('worker_processes 16;')
  })

  it('shows the name of the host on its page', () => {
    const page = (host: string) => compile(site, { host }).find('file', '/var/www/html/index.html').content
    expect(page('web-1')).toContain('<h1>web-1</h1>')
    expect(page('web-2')).toContain('<h1>web-2</h1>')
  })

  it('checks the configuration before it is moved in, and restarts nginx when it changed', () => {
    const catalog = compile(site, { host: 'web-1' })
    expect(catalog.find('file', '/etc/nginx/nginx.conf').params.validate).toBe('nginx -t -c %')
    expect(catalog.find('service', 'nginx').subscribe).toEqual(['file:/etc/nginx/nginx.conf'])
  })

  it('reloads systemd before it starts the heartbeat', () => {
    const catalog = compile(site, { host: 'web-1' })
    expect(catalog.find('service', 'heartbeat').require).toContain('exec:reload systemd for heartbeat')
  })
})

describe('role db', () => {
  it('gives Redis a quarter of the memory, in whole MiB', () => {
    const catalog = compile(site, { host: 'db-1', facts: { memory: { totalMiB: 1023 } } })
    expect(catalog.find('file', '/etc/redis/redis.conf').content).toContain('maxmemory 255mb\n')
  })

  it('gives it the share of the memory that the data says', () => {
    const catalog = compile(site, {
      host: 'db-1',
      facts: { memory: { totalMiB: 1000 } },
      data: { redis: { memoryShare: 0.1 } },
    })
    expect(catalog.find('file', '/etc/redis/redis.conf').content).toContain('maxmemory 100mb\n')
  })

  it('has no web server', () => {
    expect(compile(site, { host: 'db-1' }).ids).toEqual([
      'package:redis-server',
      'file:/etc/redis/redis.conf',
      'service:redis-server',
      'package:cron',
      'file:/etc/cron.d/redis-snapshot',
      'service:cron',
    ])
  })
})

it('has no role for other hosts', () => {
  expect(() => compile(site, { host: 'mail-1' })).toThrow(
    'Cannot compile host "mail-1": no rule of the site matches it',
  )
})
