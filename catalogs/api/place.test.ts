import { describe, expect, it } from 'vitest'
import { callerPlace, placeOf, renderPlace } from './place.ts'

const stack = `Error: x
    at declare (file:///opt/rekindle/catalogs/api/resource.ts:93:5)
    at Module.vhost (file:///srv/site/node_modules/@acme/nginx/index.js:4:3)
    at Role.declare (file:///srv/site/roles/with%20space.ts:12:7)
    at file:///srv/site/site.ts:20:1
    at node:internal/modules/run_main:100:3`

describe('placeOf()', () => {
  it('gives the innermost line of the site, not that of a package in it', () => {
    expect(placeOf(stack, '/srv/site')).toEqual({ file: '/srv/site/roles/with space.ts', line: 12 })
  })

  it('does not take a folder for another whose name begins alike', () => {
    expect(placeOf('at file:///srv/site-2/site.ts:1:1', '/srv/site')).toBeUndefined()
  })

  it('reads where a file could not be parsed', () => {
    expect(placeOf('file:///srv/site/site.ts:3\nconst = 1\n      ^\n\nSyntaxError: x', '/srv/site')).toEqual({
      file: '/srv/site/site.ts',
      line: 3,
    })
  })

  it('gives nothing for no stack', () => {
    expect(placeOf(undefined, '/srv/site')).toBeUndefined()
  })
})

it('callerPlace() gives this line', () => {
  expect(callerPlace()?.file).toBe(import.meta.filename)
})

it('callerPlace() leaves Error as it was', () => {
  const { stackTraceLimit, prepareStackTrace } = Error
  callerPlace()
  expect([Error.stackTraceLimit, Error.prepareStackTrace]).toEqual([stackTraceLimit, prepareStackTrace])
  expect(new Error('x').stack).toContain('place.test.ts')
})

it('renderPlace() is relative to the site', () => {
  expect(renderPlace({ file: '/srv/site/roles/web.ts', line: 12 }, '/srv/site')).toBe('roles/web.ts:12')
})
