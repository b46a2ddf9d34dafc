/** The authoring API as a whole, through its own kit. */
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import {
  customFact,
  exec,
  facts,
  field,
  file,
  group,
  host,
  layers,
  pkg,
  pool,
  role,
  secret,
  service,
  site,
  template,
  user,
} from './index.ts'
import type { Reference } from './reference.ts'
import { compile } from './testing.ts'

const siteDir = mkdtempSync(join(tmpdir(), 'rekindle-site-'))
afterAll(() => rmSync(siteDir, { recursive: true }))

function declaring(declare: () => void) {
  return compile(role('web', declare), { siteDir })
}

describe('constructors', () => {
  it('declare each type, and give references that join them', () => {
    const catalog = declaring(() => {
      const nginx = pkg('nginx')
      const deploy = [group('deploy'), user('deploy')]
      const conf = file('/etc/nginx/nginx.conf', { content: 'x', require: [nginx, ...deploy] })
      const reload = exec('reload', { command: 'true', refreshOnly: true, subscribe: conf })
      service('nginx.service', { ensure: 'running', require: reload })
    })
    expect(catalog.ids).toEqual([
      'package:nginx',
      'group:deploy',
      'user:deploy',
      'file:/etc/nginx/nginx.conf',
      'exec:reload',
      'service:nginx',
    ])
    expect(catalog.find('file', '/etc/nginx/nginx.conf').require).toEqual([
      'package:nginx',
      'group:deploy',
      'user:deploy',
    ])
    expect(catalog.find('exec', 'reload')).toMatchObject({
      params: { command: 'true', refreshOnly: true },
      subscribe: ['file:/etc/nginx/nginx.conf'],
    })
  })

  it('give references that read as their titles', () => {
    const catalog = declaring(() => {
      const root = file('/srv/www/', { ensure: 'directory' })
      file(`${root}/index.html`, { content: 'x' })
    })
    expect(catalog.ids).toEqual(['file:/srv/www', 'file:/srv/www/index.html'])
  })

  it('take parameters as they are at that moment', () => {
    const groups = ['adm']
    const catalog = declaring(() => {
      user('deploy', { groups })
      groups.push('sudo')
    })
    expect(catalog.find('user', 'deploy').params.groups).toEqual(['adm'])
  })

  it('refuse a reference of another compile', () => {
    let kept: Reference | undefined
    declaring(() => {
      kept = pkg('nginx')
    })
    expect(() =>
      declaring(() => {
        pkg('nginx')
        service('nginx', { enable: true, ...(kept === undefined ? {} : { require: kept }) })
      }),
    ).toThrow('Cannot declare service "nginx": it refers to package "nginx", which another compile declared')
  })

  it('refuse to work outside a role', () => {
    expect(() => pkg('nginx')).toThrow('Cannot declare package "nginx" outside a role')
    expect(() => template('a.eta')).toThrow('Cannot render template "a.eta" outside a role')
  })

  it('list every mistake', () => {
    expect(() =>
      declaring(() => {
        pkg('No')
        file('relative', {})
      }),
    ).toThrow(/package "No": the title .*; Cannot declare file "relative": the title is not an absolute path/)
  })
})

describe('facts and host', () => {
  it('are those of the host that is compiled for', () => {
    const motd = role('motd', () => file('/etc/motd', { content: `${host.name} ${facts.cpu.count}` }))
    const catalog = compile(motd, { host: 'web-7', facts: { cpu: { count: 12 } } })
    expect(catalog.find('file', '/etc/motd').content).toBe('web-7 12')
  })

  it('has versions of packages, and undefined for what is not installed', () => {
    const motd = role('motd', () =>
      file('/etc/motd', { content: `${facts.packages.nginx} ${facts.packages['no-such']}` }),
    )
    const catalog = compile(motd, { facts: { packages: { nginx: '1.22.1-9' } } })
    expect(catalog.find('file', '/etc/motd').content).toBe('1.22.1-9 undefined')
  })

  it('host is what the server knows, not what the host claims', () => {
    const motd = role('motd', () => {
      const { name, incarnation, pool: of, attributes } = host
      file('/etc/motd', {
        content: JSON.stringify([name, incarnation, of, attributes.rack, attributes.none]),
      })
    })
    const given = { host: 'web-7', incarnation: 3, attributes: { rack: 'b4' }, facts: { hostname: 'db-1' } }
    expect(compile(motd, given).find('file', '/etc/motd').content).toBe('["web-7",3,"motd","b4",null]')
  })

  it('cannot be read outside a role', () => {
    expect(() => facts.cpu).toThrow('Cannot read facts outside a role')
    expect(() => host.name).toThrow('Cannot read the host’s name outside a role')
  })

  it('cannot be changed', () => {
    expect(() => Object.assign(facts, { hostname: 'x' })).toThrow('Cannot change facts: they are read-only')
  })
})

describe('customFact()', () => {
  const rack = customFact('rack', {
    type: 'object',
    properties: { row: { type: 'integer' }, name: { type: 'string' } },
    required: ['row'],
  })
  const motd = role('motd', () => file('/etc/motd', { content: `row ${rack.value?.row ?? 'none'}` }))
  const contentFor = (custom: Record<string, unknown>) =>
    compile(motd, { facts: { custom } }).find('file', '/etc/motd').content

  it('gives what the host says, and undefined when it says nothing', () => {
    expect(contentFor({ rack: { row: 4 }, other: 1 })).toBe('row 4')
    expect(contentFor({})).toBe('row none')
  })

  it('a test that gives one that breaks its schema fails with the place and the reason', () => {
    expect(() => contentFor({ rack: { row: 'four' } })).toThrow(
      'Cannot take fact "rack": it breaks its schema: /row: wanted integer, found "four" (',
    )
  })

  it('refuses a bad name, a schema that is none, and to be read outside a role', () => {
    expect(() => customFact('Rack', {})).toThrow('Cannot declare fact "Rack": wanted lower-case')
    const schema = { type: 'objekt' } as never
    expect(() => customFact('rack', schema)).toThrow(
      'Cannot declare fact "rack": its schema is no JSON Schema',
    )
    expect(() => rack.value).toThrow('Cannot read fact "rack" outside a role')
  })
})

describe('template()', () => {
  function render(text: string, values: Record<string, unknown> = {}): string | undefined {
    writeFileSync(join(siteDir, `${hashOfTest(text)}.eta`), text)
    const catalog = declaring(() => {
      file('/a', { content: template(`${hashOfTest(text)}.eta`, values) })
    })
    return catalog.find('file', '/a').content
  }
  /** Templates are compiled once for a path. */
  function hashOfTest(text: string): string {
    return Buffer.from(text).toString('hex').slice(0, 60)
  }

  it('escapes nothing and eats no line ends', () => {
    expect(render('a <%= it.x %>\nb\n', { x: '<&">' })).toBe('a <&">\nb\n')
  })

  it('lets -%> eat the end of a line of code', () => {
    expect(render('<% for (const n of it.list) { -%>\nrow <%= n %>\n<% } -%>\nend\n', { list: [1, 2] })).toBe(
      'row 1\nrow 2\nend\n',
    )
  })

  it('refuses a name that was not given, and a value that is not there', () => {
    expect(() => render('1\n2 <%= it.wrokers %>', { workers: 1 })).toThrow(
      'no value "wrokers" was given; there are: workers',
    )
    expect(() => render('<%= it.missing %>', { missing: undefined })).toThrow('a value is undefined')
  })

  it('says what is wrong with its syntax', () => {
    expect(() => render('a\n<% if (it.x { %>\n', { x: 1 })).toThrow(
      /Cannot render template ".*": Unexpected token '\{'/,
    )
    expect(() => render('open <%= it.x', { x: 1 })).toThrow('unclosed tag at line 1')
  })
})

describe('source', () => {
  it('is read from the site', () => {
    writeFileSync(join(siteDir, 'motd'), 'Welcome\n')
    const catalog = declaring(() => file('/etc/motd', { source: 'motd' }))
    expect(catalog.find('file', '/etc/motd').content).toBe('Welcome\n')
  })

  it.each(['../motd', '/etc/hostname', 'x/../../motd', 'link'])('does not lead out of it: %s', (source) => {
    rmSync(join(siteDir, 'link'), { force: true })
    symlinkSync('/etc/hostname', join(siteDir, 'link'))
    expect(() => declaring(() => file('/etc/motd', { source }))).toThrow(
      /is not a path inside|is a link out of/,
    )
  })
})

describe('site()', () => {
  const web = role('web', () => {})

  it('is compiled for the role of a host', () => {
    const both = site({
      hosts: [
        { match: 'db-*', role: role('db', () => pkg('redis')) },
        { match: '*', role: web },
      ],
    })
    expect(compile(both, { host: 'db-1' }).ids).toEqual(['package:redis'])
    expect(compile(both, { host: 'web-1' }).role).toBe('web')
  })

  it('is compiled for several roles of a host, in their order', () => {
    const base = role('base', () => {
      pkg('curl')
      file('/etc/pool', { content: host.pool })
    })
    const several = site({ hosts: [{ match: '*', roles: [base, role('cache', () => pkg('redis'))] }] })
    const compiled = compile(several)
    expect(compiled.ids).toEqual(['package:curl', 'file:/etc/pool', 'package:redis'])
    expect([compiled.role, compiled.find('file', '/etc/pool').content]).toEqual(['base+cache', 'cache'])
  })

  it('is compiled by the rule whose conditions hold', () => {
    const big = role('big', () => pkg('redis'))
    const conditional = site({
      hosts: [
        { match: '*', when: { 'host.attributes.tier': [/^gold/], 'facts.cpu.count': [8, 16] }, role: big },
        { match: '*', role: web },
      ],
    })
    const given = { facts: { cpu: { count: 8 } }, attributes: { tier: 'gold-1' } }
    expect(compile(conditional, given).role).toBe('big')
    expect(compile(conditional, { ...given, attributes: {} }).role).toBe('web')
  })

  it.each<[object, string]>([
    [{}, '"when" wants conditions, such as { "facts.os.id": "debian" }'],
    [{ 'facts.os.nmae': 'a' }, '"when" has "facts.os.nmae": there is no such fact'],
    [{ 'facts.os': 'a' }, '"when" has "facts.os": there is no such fact'],
    [{ 'facts.custom': 'a' }, '"when" has "facts.custom": a name of one is missing'],
    [
      { 'facts.packages.bash': '5' },
      '"when" has "facts.packages.bash": packages are known on demand, when a role asks',
    ],
    [
      { 'attributes.tier': 'a' },
      '"when" has "attributes.tier": wanted facts.NAME, host.attributes.NAME or data.KEY',
    ],
    [{ 'facts.os.id': [] }, '"when" has "facts.os.id": the list is empty'],
    [
      { 'facts.os.id': null },
      '"when" has "facts.os.id": wanted a text, a number, true, false or a regular expression, or a list of them',
    ],
    [{ 'facts.os.id': /\bx/ }, '"when" has "facts.os.id": /\\bx/: "\\b" is not supported'],
  ])('refuses the conditions %j', (when, wrong) => {
    expect(() => compile(site({ hosts: [{ match: '*', when, role: web }] }))).toThrow(wrong)
  })

  describe('with conditions on data', () => {
    const schema = {
      place: { kind: field.text({ optional: true }), zones: field.list(field.text(), { default: ['a'] }) },
      owner: field.object({ team: field.text() }, { optional: true }),
    }
    const data = layers({ hierarchy: ['host/{host}', 'role/{role}'], schema })
    const big = role('big', () => pkg('redis'))
    const asking = (when: object) =>
      site({
        data,
        hosts: [
          { match: '*', when, role: big },
          { match: '*', role: web },
        ],
      })

    it('is compiled by the rule whose value the data has', () => {
      const kinds = asking({ 'data.place.kind': 'edge', 'data.place.zones': ['a', 'c'] })
      expect(compile(kinds, { data: { place: { kind: 'edge' } } }).role).toBe('big')
      expect(compile(kinds, { data: { place: { kind: 'edge', zones: ['b'] } } }).role).toBe('web')
      expect(compile(kinds).role).toBe('web')
      const member = asking({ 'data.owner.team': /^ops/ })
      expect(compile(member, { data: { owner: { team: 'ops-1' } } }).role).toBe('big')
    })

    it.each([
      ['data.place', 'it is a section, and has no value of its own'],
      ['data.plaec.kind', 'the data has no such key, only place, owner'],
      ['data.place.knd', 'the data has no such key, only kind, zones'],
    ])('refuses "%s"', (name, wrong) => {
      expect(() => compile(asking({ [name]: 'a' }))).toThrow(`"when" has "${name}": ${wrong}`)
    })

    it('refuses a key where there is no data, and an environment by data', () => {
      const rule = { match: '*', when: { 'data.place.kind': 'edge' }, role: web } as const
      expect(() => compile(site({ hosts: [rule] }))).toThrow('the site has no data')
      expect(() => compile(site({ data, hosts: [{ ...rule, environment: 'prod' }] }))).toThrow(
        '"environment" is decided before there is data to ask',
      )
    })
  })

  it('refuses an environment that a host would choose by what it claims', () => {
    const claiming = {
      match: '*',
      when: { 'facts.os.id': 'debian' },
      role: web,
      environment: 'prod',
    } as const
    expect(() => compile(site({ hosts: [claiming] }))).toThrow(
      'a host would choose its "environment" by facts, which it only claims',
    )
  })

  it('refuses two roles or pools of one name', () => {
    const twice = site({
      hosts: [
        { match: 'a', role: web, pool: pool('p') },
        { match: 'b', role: role('web', () => {}), pool: pool('p') },
      ],
    })
    expect(() => compile(twice)).toThrow(/two roles named "web" apart.*two pools named "p" apart/)
  })
})

it('shows a secret by its name, in contents and parameters', () => {
  const app = role('app', () => {
    file('/etc/db.conf', { content: `password = ${secret('db/password')}\n` })
    user('app', { password: secret('app/hash') })
  })
  const catalog = compile(app, { siteDir })
  expect(catalog.find('file', '/etc/db.conf').content).toBe('password = [secret db/password]\n')
  expect(catalog.find('user', 'app').params.password).toBe('[secret app/hash]')
})
