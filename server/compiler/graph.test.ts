import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parseResourceId, type ResourceId } from '../../schemas/resource-id.ts'
import type { Declared } from './declared.ts'
import { arrange } from './graph.ts'

let line = 0

function declare(id: ResourceId, given: Partial<Declared> = {}): Declared {
  line++
  const none = { require: [], before: [], notify: [], subscribe: [], tags: [] }
  return { ...parseResourceId(id), params: {}, ...none, where: `site.ts:${line}`, ...given }
}

function orderOf(...declarations: readonly Declared[]): readonly ResourceId[] {
  return arrange(declarations).ordered.map(({ id }) => id)
}

function requireOf(id: ResourceId, ...declarations: readonly Declared[]): readonly ResourceId[] | undefined {
  return arrange(declarations).ordered.find((resource) => resource.id === id)?.require
}

describe('order', () => {
  it('is that of declaration where no edge asks for another (G1)', () => {
    const ids: ResourceId[] = ['package:b', 'package:a', 'user:x', 'file:/z', 'file:/a']
    expect(orderOf(...ids.map((id) => declare(id)))).toEqual(ids)
  })

  it('makes no edge of the order of declaration, so that a failure skips nothing unrelated', () => {
    const { ordered } = arrange([declare('package:a'), declare('package:b'), declare('file:/c')])
    expect(ordered.map(({ require, notify }) => [...require, ...notify])).toEqual([[], [], []])
  })

  it('moves back only what waits', () => {
    expect(
      orderOf(
        declare('package:a', { require: ['package:d'] }),
        declare('package:b'),
        declare('package:c'),
        declare('package:d'),
      ),
    ).toEqual(['package:b', 'package:c', 'package:d', 'package:a'])
  })

  it('follows require, before, notify and subscribe alike', () => {
    expect(orderOf(declare('exec:b', { require: ['exec:a'] }), declare('exec:a'))).toEqual([
      'exec:a',
      'exec:b',
    ])
    expect(orderOf(declare('exec:b'), declare('exec:a', { before: ['exec:b'] }))).toEqual([
      'exec:a',
      'exec:b',
    ])
    expect(orderOf(declare('exec:b'), declare('exec:a', { notify: ['exec:b'] }))).toEqual([
      'exec:a',
      'exec:b',
    ])
    expect(orderOf(declare('exec:b', { subscribe: ['exec:a'] }), declare('exec:a'))).toEqual([
      'exec:a',
      'exec:b',
    ])
  })

  it('puts each resource after all that it requires, whatever the edges', () => {
    const edges = fc.array(fc.tuple(fc.nat(19), fc.nat(19)), { maxLength: 60 })
    fc.assert(
      fc.property(edges, (pairs) => {
        const declarations = Array.from({ length: 20 }, (_, at) =>
          declare(`exec:${at}`, {
            // From a higher to a lower number only, so that there is no loop.
            before: pairs.flatMap(([a, b]): ResourceId[] =>
              at === Math.max(a, b) && a !== b ? [`exec:${Math.min(a, b)}`] : [],
            ),
          }),
        )
        const { ordered, problems } = arrange(declarations)
        const position = new Map(ordered.map(({ id }, at) => [id, at]))
        expect(problems).toEqual([])
        expect(ordered).toHaveLength(20)
        for (const { id, require } of ordered) {
          for (const other of require) expect(position.get(other)).toBeLessThan(position.get(id) ?? -1)
        }
      }),
    )
  })
})

describe('edges', () => {
  it('give notify and subscribe both the order and the refresh', () => {
    const { ordered } = arrange([
      declare('file:/c'),
      declare('service:s', { subscribe: ['file:/c'] }),
      declare('file:/d', { notify: ['service:s'] }),
    ])
    expect(ordered).toMatchObject([
      { id: 'file:/c', notify: ['service:s'] },
      { id: 'file:/d', notify: ['service:s'] },
      { id: 'service:s', require: ['file:/c', 'file:/d'], notify: [] },
    ])
  })
})

describe('implied edges', () => {
  const cases: readonly (readonly [string, ResourceId, readonly Declared[], readonly ResourceId[]])[] = [
    [
      'a file waits for its nearest declared ancestor',
      'file:/a/b/c',
      [declare('file:/a'), declare('file:/a/b'), declare('file:/a/b/c')],
      ['file:/a/b'],
    ],
    ['and no further', 'file:/a/b/c/d', [declare('file:/a/b/c/d'), declare('file:/a')], ['file:/a']],
    ['a file is no child of its namesake', 'file:/ab', [declare('file:/a'), declare('file:/ab')], []],
    [
      'a file waits for its owner and group',
      'file:/a',
      [declare('file:/a', { params: { owner: 'u', group: 'g' } }), declare('user:u'), declare('group:g')],
      ['user:u', 'group:g'],
    ],
    [
      'a user without a group of its own name brings that along',
      'file:/a',
      [declare('file:/a', { params: { group: 'u' } }), declare('user:u')],
      ['user:u'],
    ],
    [
      'a link waits for its target, also a relative one',
      'file:/a/link',
      [declare('file:/a/link', { params: { target: '../b/c' } }), declare('file:/b/c')],
      ['file:/b/c'],
    ],
    [
      'a package of apt waits for all sources and pins',
      'package:p',
      [declare('package:p'), declare('apt_source:s'), declare('apt_pin:i'), declare('apt_key:k')],
      ['apt_source:s', 'apt_pin:i'],
    ],
    [
      'also for the purge of sources, so that none that is undeclared gives packages',
      'package:p',
      [declare('package:p'), declare('purge:apt_source'), declare('purge:user')],
      ['purge:apt_source'],
    ],
    [
      'which itself waits for the declared ones',
      'purge:apt_source',
      [declare('purge:apt_source'), declare('apt_source:s'), declare('package:p')],
      ['apt_source:s'],
    ],
    [
      'keys are purged after all that they may have signed',
      'purge:apt_key',
      [
        ...[declare('purge:apt_key'), declare('apt_key:k'), declare('apt_source:s')],
        ...[declare('purge:apt_source'), declare('purge:apt_pin'), declare('package:p')],
      ],
      ['apt_key:k', 'apt_source:s', 'purge:apt_source'],
    ],
    [
      'and one of another manager for none',
      'package:n',
      [declare('package:n', { params: { provider: 'npm' } }), declare('apt_source:s'), declare('apt_pin:i')],
      [],
    ],
    [
      'a source waits for its key',
      'apt_source:s',
      [declare('apt_source:s', { params: { key: 'k' } }), declare('apt_key:k'), declare('apt_key:other')],
      ['apt_key:k'],
    ],
    [
      'a locale waits for the package with its tools',
      'locale:en_US.UTF-8',
      [declare('locale:en_US.UTF-8'), declare('package:locales'), declare('package:kmod')],
      ['package:locales'],
    ],
    [
      'a mount waits for the mount and the directory that it stands in',
      'mount:/srv/a/b',
      [
        declare('mount:/srv/a/b', { params: { device: 'tmpfs' } }),
        declare('mount:/srv/a'),
        declare('file:/srv/a/b'),
      ],
      ['mount:/srv/a', 'file:/srv/a/b'],
    ],
    [
      'a service waits for its unit, drop-ins and package',
      'service:s',
      [
        declare('service:s'),
        declare('file:/etc/systemd/system/s.service'),
        declare('file:/etc/systemd/system/s.service.d/limits.conf'),
        declare('package:s'),
      ],
      ['file:/etc/systemd/system/s.service', 'file:/etc/systemd/system/s.service.d/limits.conf', 'package:s'],
    ],
    [
      'a timer waits for its own unit, not for a service’s',
      'service:s.timer',
      [
        declare('service:s.timer'),
        declare('file:/lib/systemd/system/s.timer'),
        declare('file:/lib/systemd/system/s.service'),
      ],
      ['file:/lib/systemd/system/s.timer'],
    ],
    [
      'a user waits for its groups',
      'user:u',
      [declare('user:u', { params: { group: 'g', groups: ['h'] } }), declare('group:g'), declare('group:h')],
      ['group:g', 'group:h'],
    ],
    [
      'an exec waits for its user, its folder and its program',
      'exec:e',
      [
        declare('exec:e', { params: { command: ['/opt/bin/e', '-x'], user: 'u', cwd: '/srv/app' } }),
        declare('file:/srv'),
        declare('file:/opt/bin/e'),
        declare('user:u'),
      ],
      ['file:/srv', 'file:/opt/bin/e', 'user:u'],
    ],
    [
      'a crontab entry waits for its user, its program and cron',
      'cron:c',
      [
        declare('cron:c', { params: { user: 'u', command: '/opt/bin/c -x' } }),
        declare('file:/opt/bin/c'),
        declare('user:u'),
        declare('package:cron'),
      ],
      ['file:/opt/bin/c', 'user:u', 'package:cron'],
    ],
    [
      'a file of crontab entries waits for the users and programs of all',
      'cron_file:c',
      [
        declare('cron_file:c', {
          params: {
            entries: [
              { user: 'u', command: 'true' },
              { user: 'v', command: '/opt/bin/c' },
            ],
          },
        }),
        declare('file:/opt/bin/c'),
        declare('user:u'),
        declare('user:v'),
      ],
      ['file:/opt/bin/c', 'user:u', 'user:v'],
    ],
    [
      'what is to be absent holds nothing up',
      'file:/a/b',
      [declare('file:/a', { params: { ensure: 'absent' } }), declare('file:/a/b')],
      [],
    ],
  ]

  it.each(cases)('%s', (_, id, declarations, wanted) => {
    expect(requireOf(id, ...declarations)).toEqual(wanted)
  })

  it('give way to declared ones that say the contrary', () => {
    const declarations = [declare('file:/a', { require: ['file:/a/b'] }), declare('file:/a/b')]
    expect(arrange(declarations).problems).toEqual([])
    expect(orderOf(...declarations)).toEqual(['file:/a/b', 'file:/a'])
  })
})

describe('problems', () => {
  it('name both places of a duplicate (G17)', () => {
    const first = declare('file:/a', { where: 'roles/web.ts:3' })
    const second = declare('file:/a', { where: 'roles/web.ts:9' })
    expect(arrange([first, second])).toEqual({
      ordered: [],
      problems: [
        {
          message: 'Cannot declare file "/a" twice: it is declared at roles/web.ts:3 too',
          where: 'roles/web.ts:9',
          hint: 'Keep one of the two, or declare it in a function that both places call once',
        },
      ],
    })
  })

  it('name a resource that waits for itself (G5)', () => {
    const { problems } = arrange([declare('file:/a', { require: ['file:/a'], where: 'site.ts:1' })])
    expect(problems).toEqual([
      { message: 'Cannot order file "/a": it waits for itself', where: 'site.ts:1', hint: null },
    ])
  })

  it('name each loop once, and nobody who only waits for it (G4)', () => {
    const { problems } = arrange([
      declare('exec:outside', { require: ['exec:a'] }),
      declare('exec:a', { require: ['exec:b'], where: 'a:1' }),
      declare('exec:b', { require: ['exec:c'], where: 'b:1' }),
      declare('exec:c', { require: ['exec:a', 'exec:b'], where: 'c:1' }),
      declare('exec:x', { before: ['exec:y'], where: 'x:1' }),
      declare('exec:y', { before: ['exec:x'], where: 'y:1' }),
    ])
    expect(problems.map(({ message }) => message)).toEqual([
      'Cannot order 3 resources that wait for each other: exec "a" (a:1) waits for exec "b" (b:1) waits for exec "c" (c:1) waits for exec "a" (a:1)',
      'Cannot order 2 resources that wait for each other: exec "x" (x:1) waits for exec "y" (y:1) waits for exec "x" (x:1)',
    ])
  })
})
