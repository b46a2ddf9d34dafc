import { describe, expect, it } from 'vitest'
import {
  askLayers,
  type DataRules,
  type DataScope,
  explainKey,
  fitPattern,
  type Layer,
  layerName,
  resolveData,
  wrongPattern,
} from './data-layers.ts'

const scope: DataScope = { host: 'web-1', roles: ['web'], facts: { os: { release: 12, id: 'debian' } } }

describe('layerName()', () => {
  it.each([
    ['site', 'site'],
    ['host/{host}', 'host/web-1'],
    ['os/{facts.os.id}-{facts.os.release}', 'os/debian-12'],
    ['env/{environment}', undefined],
    ['os/{facts.os}', undefined],
    ['os/{facts.gpu.id}', undefined],
  ])('%s is %s', (pattern, name) => {
    expect(layerName(pattern, { ...scope, role: 'web' })).toBe(name)
  })

  it.each(['../host/db-1', 'a/b', '..', '.git', 'a\\b', 'a\0b', ''])('has no part %j', (id) => {
    expect(layerName('os/{facts.os.id}', { ...scope, facts: { os: { id } } })).toBeUndefined()
  })
})

describe('wrongPattern()', () => {
  it.each(['site', 'host/{host}', '{role}/{facts.os.id}/x'])('lets %s pass', (pattern) => {
    expect(wrongPattern(pattern)).toBeUndefined()
  })
  it.each(['', '/site', '../site', 'a/', 'a//b', '{hots}', '{facts}', '{facts.}', '{host', 'host}', 'a/./b'])(
    'refuses "%s"',
    (pattern) => {
      expect(wrongPattern(pattern)).toEqual(expect.any(String))
    },
  )
})

describe('fitPattern()', () => {
  const hierarchy = ['host/{host}', 'os/{facts.os.id}-{facts.os.release}', 'site.d']
  it.each([
    ['host/web-1', { host: 'web-1' }],
    ['os/debian-12', { 'facts.os.id': 'debian', 'facts.os.release': '12' }],
    ['site.d', {}],
    ['siteXd', undefined],
    ['hosts/web-1', undefined],
    ['host/a/b', undefined],
  ])('finds what %s stands for', (name, wanted) => {
    expect(fitPattern(hierarchy, name)).toEqual(wanted)
  })
})

const port = { kind: 'key', schema: { default: 80 }, isOptional: false } as const
const tags = { kind: 'key', schema: { merge: 'unique' }, isOptional: false } as const
const rules: DataRules = {
  hierarchy: ['host/{host}', 'env/{environment}', 'role/{role}', 'site'],
  keys: { kind: 'section', members: { web: { kind: 'section', members: { port, tags } } } },
}

function ask(layers: Readonly<Record<string, unknown>>) {
  return askLayers(rules, scope, (name): Layer | undefined =>
    Object.hasOwn(layers, name) ? { file: `${name}.yaml`, values: { web: layers[name] } } : undefined,
  )
}

const parts = (key: typeof port | typeof tags, path: string, layers: Readonly<Record<string, unknown>>) =>
  explainKey(key, ['web', path], ask(layers), ({ file }) => `${file}:1:1`)

describe('resolveData()', () => {
  it('looks each key of a section up on its own, and leaves out what has no value', () => {
    expect(resolveData(rules, ask({ 'host/web-1': { port: 81 }, site: { port: 1, tags: ['a'] } }))).toEqual({
      web: { port: 81, tags: ['a'] },
    })
    expect(resolveData(rules, [])).toEqual({ web: { port: 80 } })
  })
})

describe('explainKey()', () => {
  const partsOf = (explained: ReturnType<typeof parts>) => explained.layers.map(({ part }) => part)

  it('names the layer that wins, and those that it covers', () => {
    const explained = parts(port, 'port', { 'role/web': { port: 81 }, site: { port: 82 } })
    expect(explained).toMatchObject({ key: 'web.port', value: 81, strategy: 'first', isDefault: false })
    expect(explained.layers[2]).toEqual({
      name: 'role/web',
      file: 'role/web.yaml',
      where: 'role/web.yaml:1:1',
      value: 81,
      part: 'wins',
    })
    expect(explained.layers[1]).toMatchObject({ name: 'env/{environment}', file: undefined })
    expect(partsOf(explained)).toEqual(['silent', 'silent', 'wins', 'covered'])
  })

  it('names the layers that are merged, down to one that removes', () => {
    const layers = {
      'host/web-1': { tags: ['a'] },
      'role/web': { tags: { $remove: true } },
      site: { tags: ['b'] },
    }
    const explained = parts(tags, 'tags', layers)
    expect(explained.value).toEqual(['a'])
    expect(partsOf(explained)).toEqual(['merged', 'silent', 'removes', 'covered'])
  })

  it('tells a default', () => {
    expect(parts(port, 'port', {})).toMatchObject({ value: 80, isDefault: true })
    expect(parts(port, 'port', { site: { port: { $remove: true } } })).toMatchObject({
      value: 80,
      isDefault: true,
    })
    expect(parts(tags, 'tags', {})).toMatchObject({ value: undefined, isDefault: false })
  })
})

it('askLayers() looks at one layer for each role, the last role highest', () => {
  const rules = {
    hierarchy: ['host/{host}', 'role/{role}', 'site'],
    keys: { kind: 'section', members: {} },
  } as const
  const asked = askLayers(rules, { ...scope, roles: ['base', 'web'] }, () => undefined)
  expect(asked.map(({ name }) => name)).toEqual(['host/web-1', 'role/web', 'role/base', 'site'])
})
