import { describe, expect, it } from 'vitest'
import { role } from '../api/role.ts'
import { compile } from '../api/testing.ts'
import { type LogRotationOptions, logRotation } from './log-rotation.ts'

const compiled = (options?: LogRotationOptions) =>
  compile(
    role('r', () => {
      logRotation(options)
    }),
  )
const textOf = (options?: LogRotationOptions) => compiled(options).find('file', '/etc/logrotate.conf').content

describe('logRotation()', () => {
  it('keeps four weeks, compressed, named by date', () => {
    expect(textOf()?.split('\n').slice(1)).toEqual([
      ...['weekly', 'rotate 4', 'create', 'compress', 'delaycompress', 'dateext', 'dateformat -%Y%m%d'],
      ...['include /etc/logrotate.d', ''],
    ])
    expect(compiled().ids).toEqual([
      'package:logrotate',
      'file:/etc/logrotate.conf',
      'service:logrotate.timer',
    ])
  })

  it.each<[LogRotationOptions, string]>([
    [{ frequency: 'daily', keep: 0 }, 'daily\nrotate 0\n'],
    [{ maxSize: '10M' }, 'maxsize 10M\ndateext\ndateformat -%Y%m%d-%s\n'],
    [{ frequency: 'hourly' }, 'dateformat -%Y%m%d-%s\n'],
    [{ settings: ['shred'] }, 'shred\ninclude'],
  ])('%j', (options, expected) => {
    expect(textOf(options)).toContain(expected)
  })

  it('neither compresses nor dates when told so', () => {
    expect(textOf({ compress: false, dateNames: false })).not.toMatch(/compress|date/)
  })

  it('has logs of its own, with the parameters of the resource', () => {
    const catalog = compiled({
      logs: { shop: { paths: '/var/log/shop.log', rotate: 2 }, old: { ensure: 'absent' } },
    })
    expect(catalog.find('logrotate', 'shop')).toMatchObject({
      params: { paths: '/var/log/shop.log', rotate: 2, missingok: true },
      require: ['file:/etc/logrotate.conf'],
    })
    expect(catalog.find('logrotate', 'old').params).toEqual({ ensure: 'absent' })
  })

  it.each<[object, string]>([
    [{ frequency: 'often' }, 'Cannot use logRotation: option "frequency"'],
    [{ maxSize: 'big' }, 'option "maxSize"'],
    [{ logs: { a: { paths: 'relative' } } }, 'option "logs.a.paths"'],
    [{ settings: ['a\nb'] }, 'option "settings.0"'],
  ])('refuses %j', (options, said) => {
    expect(() => compiled(options as LogRotationOptions)).toThrow(said)
    expect(() => compiled(options as LogRotationOptions)).toThrow('log-rotation.test.ts:')
  })
})
