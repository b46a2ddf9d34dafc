import { describe, expect, it } from 'vitest'
import { collect } from '../../catalogs/api/context.ts'
import {
  cronFile,
  exec,
  file,
  fileBlock,
  fileLine,
  gitCheckout,
  group,
  hostEntry,
  iniSetting,
  pkg,
  role,
  service,
  systemdUnit,
  timer,
  user,
} from '../../catalogs/api/index.ts'
import { sampleFacts } from '../../catalogs/api/sample.ts'
import { evaluate } from './evaluate.ts'
import { findRaces } from './race.ts'

/** What is told of a role, without places. */
function racesOf(declare: () => void): readonly string[] {
  const trusted = { incarnation: 1, pool: 'web', attributes: {} }
  const input = { siteDir: '/srv/site', host: 'web-1', trusted, facts: sampleFacts('web-1') }
  const { declarations, mistakes, thrown } = collect([role('web', declare)], input)
  const evaluated = evaluate(declarations, mistakes)
  if (thrown !== undefined || !evaluated.ok)
    throw new Error(`Cannot look for races: ${thrown?.error ?? JSON.stringify(evaluated)}`)
  return findRaces(evaluated.ordered).map(({ message }) => message.replaceAll(' (site.ts)', ''))
}

const make = { command: ['make', 'install'], creates: '/opt/app' }

describe('findRaces() tells of', () => {
  it('two commands that make one path', () => {
    expect(
      racesOf(() => {
        exec('a', make)
        exec('b', { ...make, command: ['other'] })
      }),
    ).toEqual([
      'Nothing orders exec "b" and exec "a". exec "b" first: it makes "/opt/app", and the other never runs. exec "a" first: it makes "/opt/app", and the other never runs',
    ])
  })

  it('a command that makes a path, and what is declared there or below', () => {
    expect(
      racesOf(() => {
        exec('a', make)
        file('/opt/app', { ensure: 'directory', owner: 'root' })
      }),
    ).toEqual([
      'Nothing orders file "/opt/app" and exec "a". file "/opt/app" first: "/opt/app" is there, and the command never runs. exec "a" first: it makes "/opt/app", which is then changed',
    ])
    expect(
      racesOf(() => {
        exec('a', make)
        fileLine('x', { path: '/opt/app/conf', line: 'x' })
      }),
    ).toEqual([
      'Nothing orders file_line "x" and exec "a". file_line "x" first: "/opt/app" is not there yet, or being there keeps the command from running. exec "a" first: it makes "/opt/app", which is then changed',
    ])
  })

  it.each([
    ['a list', ['sysctl', '-p', '/etc/app.rules']],
    ['a text', 'sysctl -p "/etc/app.rules" > /dev/null'],
  ])('a command, as %s, that names a file', (_, command) => {
    expect(
      racesOf(() => {
        file('/etc/app.rules', { content: 'x' })
        exec('load', { command })
      }),
    ).toEqual([
      'Nothing orders exec "load" and file "/etc/app.rules". exec "load" first: it finds "/etc/app.rules" as it was before. file "/etc/app.rules" first: the command finds what is declared',
    ])
  })

  it('a program that a package of its name brings', () => {
    const git = 'exec "clone" first: there may be no "git" to run yet. package "git" first: "git" is there'
    expect(
      racesOf(() => {
        pkg('git')
        exec('clone', { command: ['/usr/bin/git', 'clone', 'x'], onlyIf: 'git --version' })
      }),
    ).toEqual([`Nothing orders exec "clone" and package "git". ${git}`])
    expect(
      racesOf(() => {
        pkg('nginx')
        file('/srv/site.conf', { content: 'x', validate: 'nginx -t -c %' })
      }),
    ).toHaveLength(1)
  })

  it('settings of a package, by the package’s name', () => {
    const wanted =
      'file "/etc/nginx/nginx.conf" first: the package, if it brings "/etc/nginx/nginx.conf", finds one that is not its own. package "nginx" first: what the package brings is changed afterwards'
    expect(
      racesOf(() => {
        pkg('nginx')
        file('/etc/nginx/nginx.conf', { content: 'x' })
      }),
    ).toEqual([`Nothing orders file "/etc/nginx/nginx.conf" and package "nginx". ${wanted}`])
    expect(
      racesOf(() => {
        pkg('rsync')
        iniSetting('on', { path: '/etc/default/rsync', setting: 'RSYNC_ENABLE', value: 'true' })
      }),
    ).toHaveLength(1)
  })

  it('two that write one file', () => {
    expect(
      racesOf(() => {
        cronFile('backup', { entries: [{ user: 'root', command: 'true', minute: 5 }] })
        file('/etc/cron.d/backup', { content: 'x' })
      }),
    ).toEqual([
      'file "/etc/cron.d/backup" and cron_file "backup" contradict each other: both write all of "/etc/cron.d/backup"',
    ])
    expect(
      racesOf(() => {
        systemdUnit('clean.service', { content: '[Service]\nExecStart=/bin/true\n' })
        timer('clean', { command: '/bin/true', onCalendar: 'daily' })
      }),
    ).toEqual([
      'timer "clean" and systemd_unit "clean.service" contradict each other: both write all of "/etc/systemd/system/clean.service"',
    ])
  })

  it.each([
    ['a line', () => fileLine('p', { path: '/etc/x.conf', line: 'port 2' })],
    ['a line that is to go', () => fileLine('p', { path: '/etc/x.conf', ensure: 'absent', line: 'port 1' })],
    ['a block', () => fileBlock('p', { path: '/etc/x.conf', content: 'other\n' })],
    ['a setting', () => iniSetting('p', { path: '/etc/x.conf', setting: 'port', value: 3 })],
  ])('%s that the declared content of its file does not have', (_, piece) => {
    const told = racesOf(() => {
      file('/etc/x.conf', { content: 'port 1\nname x\n' })
      piece()
    })
    expect(told).toEqual([
      expect.stringMatching(/"p" and file "\/etc\/x\.conf" contradict .* is declared, without it$/),
    ])
  })

  it('an entry of /etc/hosts beside its whole content', () => {
    expect(
      racesOf(() => {
        file('/etc/hosts', { content: '127.0.0.1 localhost\n' })
        hostEntry('db', { ip: '10.0.0.5' })
      }),
    ).toHaveLength(1)
  })

  it('a line that another takes for its own', () => {
    expect(
      racesOf(() => {
        fileLine('one', { path: '/etc/x', line: 'Port 22' })
        fileLine('two', { path: '/etc/x', line: 'Port 2222', match: '^Port ' })
      }),
    ).toEqual([
      `file_line "one" and file_line "two" contradict each other: its line matches the other's "match", which replaces it`,
    ])
  })

  it('what is to be absent, and what needs it', () => {
    expect(
      racesOf(() => {
        user('app', { ensure: 'absent' })
        file('/srv/app', { ensure: 'directory', owner: 'app' })
        pkg('nginx', { ensure: 'absent' })
        service('nginx', { ensure: 'running' })
        file('/etc/app', { ensure: 'absent' })
        fileLine('x', { path: '/etc/app/conf', line: 'x' })
      }),
    ).toEqual([
      'file "/srv/app" and user "app" contradict each other: user "app" is to be absent, and the other needs it',
      'service "nginx" and package "nginx" contradict each other: package "nginx" is to be absent, and the other needs it',
      'file_line "x" and file "/etc/app" contradict each other: file "/etc/app" is to be absent, and the other needs it',
    ])
  })

  it('what a command makes in a directory that is purged', () => {
    expect(
      racesOf(() => {
        file('/etc/app', { ensure: 'directory', purge: true })
        exec('key', { command: ['make-key'], creates: '/etc/app/key', cwd: '/etc/app' })
      }),
    ).toEqual([
      'exec "key" and file "/etc/app" contradict each other: the command makes "/etc/app/key", and the purge removes it',
    ])
  })
})

describe('findRaces() tells nothing of', () => {
  it.each<[string, () => void]>([
    [
      'what an edge orders, however long the way',
      () => {
        const nginx = pkg('nginx')
        const conf = file('/etc/nginx/nginx.conf', { content: 'x', require: nginx, validate: 'nginx -t' })
        const unpack = exec('unpack', { ...make, require: conf })
        const site = file('/opt/app', { ensure: 'directory', require: unpack })
        exec('load', { command: ['load', '/opt/app', '/etc/nginx/nginx.conf'], require: site })
      },
    ],
    [
      'what is implied: owners, folders, units, programs',
      () => {
        group('app')
        user('app', { group: 'app', home: '/srv/app' })
        file('/srv/app', { ensure: 'directory', owner: 'app' })
        gitCheckout('/srv/app/src', { url: 'https://example.org/a.git', revision: 'v1', user: 'app' })
        const run = file('/usr/local/bin/run', { content: 'x', mode: '0755' })
        exec('run', { command: [`${run}`, '--once'], cwd: '/srv/app' })
        systemdUnit('app.service', { content: '[Service]\nExecStart=/usr/local/bin/run\n' })
        service('app', { ensure: 'running' })
      },
    ],
    [
      'lines of one file that leave each other alone',
      () => {
        fileLine('one', { path: '/etc/x', line: 'Port 22', match: '^Port ' })
        fileLine('two', { path: '/etc/x', line: 'User root', match: '^User ' })
        iniSetting('three', { path: '/etc/x', setting: 'a', value: 1 })
      },
    ],
    [
      'pieces that the content has, and files whose content is not declared',
      () => {
        file('/etc/x.conf', { content: '[a]\nport = 1\n# end\n' })
        fileLine('line', { path: '/etc/x.conf', line: '# end' })
        iniSetting('port', { path: '/etc/x.conf', section: 'a', setting: 'port', value: 1 })
        file('/etc/y.conf', { mode: '0600' })
        fileLine('y', { path: '/etc/y.conf', line: 'y' })
        file('/etc/z.conf', { content: 'first', replace: false })
        fileLine('z', { path: '/etc/z.conf', line: 'z' })
      },
    ],
    [
      'a refresh that makes what is there already',
      () => {
        const conf = file('/etc/a', { content: 'x' })
        exec('x', { command: ['x'], creates: '/etc/a', refreshOnly: true, subscribe: conf })
      },
    ],
    [
      'a program with a path of its own, and a package of npm',
      () => {
        pkg('git', { provider: 'npm' })
        pkg('tool')
        exec('x', { command: ['git', 'x'] })
        exec('y', { command: ['/opt/tool', 'x'] })
      },
    ],
    [
      'folders of the base system, whose packages are always there',
      () => {
        pkg('systemd')
        file('/etc/systemd/journald.conf', { content: 'x' })
      },
    ],
    [
      'what goes together with what needs it',
      () => {
        user('app', { ensure: 'absent' })
        file('/srv/app', { ensure: 'absent' })
        pkg('nginx', { ensure: 'absent' })
        service('nginx', { ensure: 'stopped', enable: false })
        file('/etc/nginx/nginx.conf', { ensure: 'absent' })
      },
    ],
    [
      'what a command makes where the purge leaves it',
      () => {
        file('/etc/app', { ensure: 'directory', purge: true, ignore: ['key'] })
        exec('key', { command: ['make-key'], creates: '/etc/app/key', cwd: '/etc/app' })
      },
    ],
  ])('%s', (_, declare) => {
    expect(racesOf(declare)).toEqual([])
  })
})
