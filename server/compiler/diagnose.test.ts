import { describe, expect, it } from 'vitest'
import { RekindleError } from '../../schemas/errors.ts'
import { compileError, diagnoseThrown } from './diagnose.ts'

const options = {
  act: 'compile role "web"',
  siteDir: '/stage/abc',
  fallback: 'roles/web.ts:3',
  whereOf: () => 'roles/web.ts:7',
}

describe('diagnoseThrown()', () => {
  it('names the error and its line', () => {
    expect(diagnoseThrown(new TypeError('x is not a function'), options)).toEqual({
      message: 'Cannot compile role "web": TypeError: x is not a function',
      where: 'roles/web.ts:7',
      hint: null,
    })
  })

  it('points to the role when no frame lies in the site', () => {
    expect(diagnoseThrown(new Error('x'), { ...options, whereOf: () => undefined }).where).toBe(
      'roles/web.ts:3',
    )
  })

  it('shows paths as the author knows them', () => {
    const error = new Error(
      "Cannot find module '/stage/abc/roles/db.ts' imported from file:///stage/abc/site.ts",
    )
    expect(diagnoseThrown(error, options).message).toBe(
      `Cannot compile role "web": Error: Cannot find module 'roles/db.ts' imported from site.ts`,
    )
  })

  it('says what was refused to a compile', () => {
    const denied = (permission: string, resource: string) =>
      diagnoseThrown(
        Object.assign(new Error('restricted'), { code: 'ERR_ACCESS_DENIED', permission, resource }),
        options,
      ).message
    expect(denied('FileSystemRead', '/etc/shadow')).toBe(
      'Cannot compile role "web": it may not read "/etc/shadow"',
    )
    expect(denied('ChildProcess', '')).toBe('Cannot compile role "web": it may not start a process')
    expect(denied('Net', '')).toBe('Cannot compile role "web": it may not open a connection')
  })

  it('keeps the place and the hint of our own errors', () => {
    const own = new RekindleError({
      code: 'compile-failed',
      message: 'Cannot x',
      where: 'a.eta:2',
      hint: 'Do y',
    })
    expect(diagnoseThrown(own, options)).toEqual({ message: 'Cannot x', where: 'a.eta:2', hint: 'Do y' })
  })

  it('names the circle of files in which something is not there yet', () => {
    const error = new ReferenceError("Cannot access 'web' before initialization")
    const circleAt = () => ['a.ts', 'b.ts', 'a.ts']
    expect(diagnoseThrown(error, { ...options, act: 'load the site', circleAt }).message).toBe(
      'Cannot load the site: files import each other in a circle, and "web" is not there yet: a.ts imports b.ts imports a.ts',
    )
    expect(diagnoseThrown(error, { ...options, circleAt: () => undefined }).hint).toMatch(
      /^A resource cannot/,
    )
  })

  it('shows what is no error', () => {
    expect(diagnoseThrown('no', options).message).toBe('Cannot compile role "web": it threw "no"')
  })
})

describe('compileError()', () => {
  const problem = (message: string, where: string) => ({ message, where, hint: null })

  it('is the problem, when there is one', () => {
    expect(compileError('web-1', [problem('Cannot x', 'site.ts:1')])).toMatchObject({
      code: 'compile-failed',
      message: 'Cannot x',
      where: 'site.ts:1',
    })
  })

  it('lists them all, when there are more', () => {
    expect(
      compileError('web-1', [problem('Cannot x', 'site.ts:1'), problem('Cannot y', 'site.ts:2')]),
    ).toMatchObject({
      message:
        'Cannot compile the catalog of host "web-1": 2 mistakes: Cannot x (site.ts:1); Cannot y (site.ts:2)',
      where: 'site.ts:1',
    })
  })
})
