import { describe, expect, it } from 'vitest'
import { note, type Read, see } from './recorder.ts'

const host = { name: 'web-1', cpu: { count: 2 }, network: { eth0: ['192.0.2.1'], lo: ['127.0.0.1'] } }

function readsOf(act: (view: typeof host) => unknown): readonly string[] {
  const { view, reads } = note(host)
  act(view)
  return reads.map(({ kind, path }) => `${kind} ${path.join('.')}`)
}

describe('note()', () => {
  it('notes nothing before something is read', () => {
    expect(readsOf(() => {})).toEqual([])
  })

  it('notes the way to a value, once, in the order of reading', () => {
    expect(readsOf((view) => [view.cpu.count, view.name, view.cpu.count])).toEqual([
      'value cpu',
      'value cpu.count',
      'value name',
    ])
  })

  it('notes what was looked for and is not there', () => {
    expect(readsOf((view) => 'gpu' in view)).toEqual(['value gpu'])
    expect(readsOf((view) => Object.hasOwn(view.cpu, 'speed'))).toEqual(['value cpu', 'value cpu.speed'])
  })

  it('notes names and values when an object is walked', () => {
    expect(readsOf((view) => Object.keys(view.network))).toEqual([
      'value network',
      'keys network',
      'value network.eth0',
      'value network.lo',
    ])
    expect(readsOf((view) => JSON.stringify(view.cpu))).toEqual([
      'value cpu',
      'value cpu.toJSON',
      'keys cpu',
      'value cpu.count',
    ])
  })

  it('tells what was read since it was last asked, again or for the first time', () => {
    const { view, take } = note(host)
    expect([view.name, take()]).toEqual(['web-1', { own: [0], by: 1 }])
    expect([view.cpu.count, view.name, take()]).toEqual([2, 'web-1', { own: [0, 1, 2], by: 3 }])
    expect(take()).toEqual({ own: [], by: 3 })
  })

  it('gives lists as they are, and frozen', () => {
    const { view } = note(host)
    expect(view.network.eth0).toEqual(['192.0.2.1'])
    expect(() => view.network.eth0.push('x')).toThrow(TypeError)
    expect(host.network.eth0).toEqual(['192.0.2.1'])
  })

  it('refuses changes', () => {
    const { view } = note(host)
    expect(() => {
      view.cpu.count = 3
    }).toThrow('Cannot change "cpu.count": facts are read-only')
    expect(() => Reflect.deleteProperty(view, 'name')).toThrow('facts are read-only')
    expect(host.cpu.count).toBe(2)
  })

  it('does not depend on the order in which an agent sends names', () => {
    expect(Object.keys(note({ b: 1, a: 2 }).view)).toEqual(['a', 'b'])
  })
})

describe('see()', () => {
  const cases: readonly (readonly [Read, string])[] = [
    [{ kind: 'value', path: ['cpu', 'count'] }, '2'],
    [{ kind: 'value', path: ['name'] }, '"web-1"'],
    [{ kind: 'value', path: ['network', 'eth0'] }, '["192.0.2.1"]'],
    [{ kind: 'value', path: ['cpu'] }, 'object'],
    [{ kind: 'keys', path: ['network'] }, 'keys ["eth0","lo"]'],
    [{ kind: 'value', path: ['gpu', 'count'] }, 'nothing'],
    [{ kind: 'value', path: ['toString'] }, 'nothing'],
  ]
  it.each(cases)('%j is %s', (read, wanted) => {
    expect(see(host, read)).toBe(wanted)
  })
})
