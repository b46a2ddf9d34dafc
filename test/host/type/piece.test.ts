/**
 * Pieces of files on a real host. What each row sees is the whole file, so that a foreign byte which moves is a failure.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { concat, fragment, role } from '../../../catalogs/api/index.ts'
import { compile } from '../../../catalogs/api/testing.ts'
import type { CatalogResource } from '../../../schemas/generated/types.ts'
import { createLab, type Lab } from '../../lab/lab.ts'
import { canRunHosts } from '../../lab/prerequisites.ts'
import { type ConvergeCase, checkCase } from '../converge-case.ts'
import { bootHost, type OnHost } from '../on-host.ts'

const hosts = canRunHosts()

const sshd =
  '# Head\n\nInclude /etc/ssh/sshd_config.d/*.conf\n#PermitRootLogin yes\nX11Forwarding\tyes   # as it was\n'
const profile = '# /etc/profile\n\nif [ "$PS1" ]; then\n  umask 022\nfi\n\nunset i\n'
const mycnf =
  '; head\n[client]\nport=3306\n\n[mysqld]\nskip-name-resolve\n# few\nmax_connections        = 100  # as many as fit\n\n!includedir /etc/mysql/conf.d/\n'
const json =
  '{\n\t// kept\n\t"z": 1.50,   "a": [1,2,\n\t\t3],\n\n\t"log": {\n\t\t"level": "info", // loud\n\t\t"to": "\\u0041"\n\t}\n}\n'
const yaml =
  "# head\nz:   'q'   # odd\n\nserver:\n    port: 80   # http\n    list:\n    - x\n\n# the end\na: {y: 1,  b: 2}\nbig: 0x1F\n"
const toml =
  "# head\nz = 'q'   # odd\nwhen = 1979-05-27T07:32:00Z\n\n[server]  # s\n  port = 80 # http\n\n# about b\n[b]\na=[1,\n  2 ]\n\n[[p]]\nn = 0x1F\n"

describe.skipIf(!hosts.ok)(
  `pieces of files on a real host${hosts.ok ? '' : `: skipped: ${hosts.reason}`}`,
  () => {
    let lab: Lab
    let host: OnHost
    beforeAll(async () => {
      lab = await createLab({ name: 'piece', log: console.log })
      host = await bootHost(lab, 'piece-1')
      await host.output(['mkdir', '-p', '/srv/piece'])
      const files = { sshd, profile, mycnf, json, yaml, toml, hosts: '127.0.0.1\tlocalhost\n' }
      for (const [name, text] of Object.entries(files)) await put(`/srv/piece/${name}`, text)
      await put('/srv/piece/gone', 'a\ndebug = 1\nb\n')
      await host.output(['cp', '-p', '/etc/hosts', '/root/hosts'])
    })
    afterAll(() => lab.close())

    const shell = (script: string) => ['sh', '-c', script]
    const put = (path: string, text: string) =>
      host.output([
        ...shell('printf %s "$2" | base64 -d > "$1"'),
        ...['-', path, Buffer.from(text).toString('base64')],
      ])
    const bytes = async (path: string) =>
      Buffer.from(await host.output(['base64', '-w0', path]), 'base64').toString()
    const piece = (type: string, params: Record<string, unknown>, title = 'x') =>
      host.resource(`${type}:${title}`, params)
    const file = (name: string) => `/srv/piece/${name}`

    const cases: readonly ConvergeCase[] = [
      {
        title: 'file_line: one that replaces what matches',
        resources: () => [
          piece('file_line', {
            path: file('sshd'),
            line: 'PermitRootLogin no',
            match: '^#?PermitRootLogin\\s',
          }),
        ],
        drift: ['sed', '-i', 's/^PermitRootLogin no/PermitRootLogin yes/', file('sshd')],
        shows: ['file_line:x', 'line'],
        look: ['cat', file('sshd')],
        seen: sshd.replace('#PermitRootLogin yes', 'PermitRootLogin no'),
      },
      {
        title: 'file_line: absent',
        resources: () => [piece('file_line', { path: file('gone'), match: '^debug\\b', ensure: 'absent' })],
        drift: ['sed', '-i', '1a debug = 2', file('gone')],
        shows: ['file_line:x', 'line'],
        look: ['cat', file('gone')],
        seen: 'a\nb\n',
      },
      {
        title: 'file_block',
        resources: () => [
          piece('file_block', { path: file('profile'), content: 'a=1\nb=2\n', before: '^unset' }, 'vars'),
        ],
        drift: ['sed', '-i', '/^b=2$/d', file('profile')],
        shows: ['file_block:vars', 'content'],
        look: ['cat', file('profile')],
        seen: profile.replace('unset', '# BEGIN REKINDLE vars\na=1\nb=2\n# END REKINDLE vars\nunset'),
      },
      {
        title: 'file_block: absent',
        resources: () => [piece('file_block', { path: file('gone'), ensure: 'absent' }, 'old')],
        drift: ['sed', '-i', '1a # BEGIN REKINDLE old\\nx\\n# END REKINDLE old', file('gone')],
        shows: ['file_block:old', 'content'],
        look: ['cat', file('gone')],
        seen: 'a\nb\n',
      },
      {
        title: 'ini_setting: a value, a flag, and one in a new section',
        resources: () => [
          piece('ini_setting', {
            path: file('mycnf'),
            section: 'mysqld',
            setting: 'max_connections',
            value: 500,
          }),
          piece(
            'ini_setting',
            { path: file('mycnf'), section: 'mysqld', setting: 'skip-networking', flag: true },
            'f',
          ),
          piece('ini_setting', { path: file('mycnf'), section: 'new', setting: 'a', value: 'b' }, 'n'),
        ],
        drift: ['sed', '-i', 's/= 500/= 50/', file('mycnf')],
        shows: ['ini_setting:x', 'value'],
        look: ['cat', file('mycnf')],
        seen: `${mycnf.replace('= 100', '= 500').replace('fit\n', 'fit\nskip-networking\n')}\n[new]\na=b\n`,
      },
      {
        title: 'ini_setting: absent',
        resources: () => [piece('ini_setting', { path: file('gone'), setting: 'debug', ensure: 'absent' })],
        drift: ['sed', '-i', '1a debug = 2', file('gone')],
        shows: ['ini_setting:x', 'value'],
        look: ['cat', file('gone')],
        seen: 'a\nb\n',
      },
      {
        title: 'json_setting: a value, and a new one',
        resources: () => [
          piece('json_setting', { path: file('json'), key: ['log', 'level'], value: 'debug' }),
          piece('json_setting', { path: file('json'), key: ['new'], value: { a: [1] } }, 'n'),
        ],
        drift: ['sed', '-i', 's/"debug"/"trace"/', file('json')],
        shows: ['json_setting:x', 'value'],
        look: ['cat', file('json')],
        seen: json
          .replace('"info"', '"debug"')
          .replace('\n\t}\n}', '\n\t},\n\t"new": {\n\t\t"a": [\n\t\t\t1\n\t\t]\n\t}\n}'),
      },
      {
        title: 'json_setting: absent',
        resources: () => [piece('json_setting', { path: file('json'), key: ['log', 'x'], ensure: 'absent' })],
        drift: ['sed', '-i', 's/^\\(\\t\\t\\)"to"/\\1"x": 1,\\n&/', file('json')],
        shows: ['json_setting:x', 'value'],
        look: ['grep', '-c', '', file('json')],
        seen: '15\n',
      },
      {
        title: 'yaml_setting: a value, and a new one',
        resources: () => [
          piece('yaml_setting', { path: file('yaml'), key: ['server', 'port'], value: 8080 }),
          piece('yaml_setting', { path: file('yaml'), key: ['server', 'tls'], value: { mode: '0644' } }, 'n'),
        ],
        drift: ['sed', '-i', 's/port: 8080/port: "8080"/', file('yaml')],
        shows: ['yaml_setting:x', 'value'],
        look: ['cat', file('yaml')],
        seen: yaml.replace('80 ', '8080 ').replace('- x\n', '- x\n    tls:\n      mode: "0644"\n'),
      },
      {
        title: 'yaml_setting: absent',
        resources: () => [
          piece('yaml_setting', { path: file('yaml'), key: ['server', 'old'], ensure: 'absent' }),
        ],
        drift: ['sed', '-i', 's/^    list:/    old: [1]\\n&/', file('yaml')],
        shows: ['yaml_setting:x', 'value'],
        look: shell(`grep -c . ${file('yaml')}; grep -c old ${file('yaml')} || true`),
        seen: '11\n0\n',
      },
      {
        title: 'toml_setting: a value, and a new one',
        resources: () => [
          piece('toml_setting', { path: file('toml'), key: ['server', 'port'], value: 8080 }),
          piece('toml_setting', { path: file('toml'), key: ['server', 'host'], value: 'h' }, 'n'),
        ],
        drift: ['sed', '-i', 's/port = 8080/port = "8080"/', file('toml')],
        shows: ['toml_setting:x', 'value'],
        look: ['cat', file('toml')],
        seen: toml.replace('port = 80 # http\n', 'port = 8080 # http\n  host = "h"\n'),
      },
      {
        title: 'toml_setting: absent',
        resources: () => [piece('toml_setting', { path: file('toml'), key: ['b', 'old'], ensure: 'absent' })],
        drift: ['sed', '-i', 's/^\\[b\\]/&\\nold = 1/', file('toml')],
        shows: ['toml_setting:x', 'value'],
        look: shell(`grep -c . ${file('toml')}; grep -c old ${file('toml')} || true`),
        seen: '12\n0\n',
      },
      {
        title: 'host_entry: in /etc/hosts',
        resources: () => [
          piece('host_entry', { ip: '10.9.8.7', aliases: ['db.example.org'], comment: 'primary' }, 'db'),
          piece('host_entry', { name: 'db', ip: '2001:db8::7' }, 'db v6'),
        ],
        drift: ['sed', '-i', '/db.example.org/s/10.9.8.7/10.0.0.1/', '/etc/hosts'],
        shows: ['host_entry:db', 'ip'],
        look: shell(
          'getent ahostsv4 db.example.org | head -n1 | tr -s " "; diff /root/hosts /etc/hosts | grep "^[<>]"',
        ),
        seen: '10.9.8.7 STREAM db\n> 10.9.8.7\tdb db.example.org # primary\n> 2001:db8::7\tdb\n',
      },
      {
        title: 'host_entry: absent',
        resources: () => [piece('host_entry', { target: file('hosts'), ensure: 'absent' }, 'old')],
        drift: ['sed', '-i', '1i 10.1.1.1 old\\n10.1.1.2 old o', file('hosts')],
        shows: ['host_entry:old', 'ensure'],
        look: ['cat', file('hosts')],
        seen: '127.0.0.1\tlocalhost\n',
      },
      {
        title: 'limits: what a session has',
        resources: () => [piece('limits', { domain: 'nobody', type: '-', item: 'nofile', value: 321 })],
        drift: ['sed', '-i', 's/321/123/', '/etc/security/limits.d/99-rekindle-nobody-both-nofile.conf'],
        shows: ['limits:x', 'content'],
        look: ['su', '-s', '/bin/sh', 'nobody', '-c', 'ulimit -Sn; ulimit -Hn'],
        seen: '321\n321\n',
      },
      {
        title: 'limits: absent',
        resources: () => [piece('limits', { domain: '@adm', type: 'soft', item: 'core', ensure: 'absent' })],
        drift: shell('echo "@adm soft core 0" > "/etc/security/limits.d/99-rekindle-~40adm-soft-core.conf"'),
        shows: ['limits:x', 'ensure'],
        look: shell('ls /etc/security/limits.d | grep -c adm || true'),
        seen: '0\n',
      },
    ]

    it.each(cases)('$title: converges, holds, shows drift, is corrected', (one) => checkCase(host, one))

    /** One piece of each type in a file whose lines end so. */
    type Row = readonly [type: string, params: Record<string, unknown>, before: string, after: string]
    const rows: readonly Row[] = [
      ['file_line', { line: 'b' }, '# c\n\na\n', '# c\n\na\nb\n'],
      ['file_block', { content: 'b' }, 'a\n', 'a\n# BEGIN REKINDLE x\nb\n# END REKINDLE x\n'],
      ['ini_setting', { section: 's', setting: 'b', value: 2 }, '# c\n[s]\na=1\n', '# c\n[s]\na=1\nb=2\n'],
      ['json_setting', { key: ['b'], value: 2 }, '{\n "a": 1\n}\n', '{\n "a": 1,\n "b": 2\n}\n'],
      ['yaml_setting', { key: ['b'], value: 2 }, 'a: 1 # c\n', 'a: 1 # c\nb: 2\n'],
      ['toml_setting', { key: ['b'], value: 2 }, 'a = 1 # c\n', 'a = 1 # c\nb = 2\n'],
      ['host_entry', { ip: '10.0.0.1' }, '::1 a # c\n', '::1 a # c\n10.0.0.1\tx\n'],
    ]
    const placed = (type: string, name: string) =>
      type === 'host_entry' ? { target: file(name) } : { path: file(name) }
    const ofRows = (prefix: string): readonly CatalogResource[] =>
      rows.map(([type, params]) => piece(type, { ...params, ...placed(type, `${prefix}-${type}`) }))
    const layouts: readonly (readonly [
      name: string,
      before: (text: string) => string,
      after: (text: string) => string,
    ])[] = [
      ['crlf', (text) => text.replaceAll('\n', '\r\n'), (text) => text.replaceAll('\n', '\r\n')],
      ['bom', (text) => `\uFEFF${text}`, (text) => `\uFEFF${text}`],
      // A line that is put below one without an end ends it, and has an end itself.
      ['open', (text) => text.replace(/\n$/, ''), (text) => text],
    ]
    it.each(layouts)(
      '%s: each type keeps the layout, owner and mode of its file',
      async (name, given, wanted) => {
        for (const [type, , before] of rows) await put(file(`${name}-${type}`), given(before))
        await host.output(shell(`chmod 640 ${file(name)}-*; chown nobody:adm ${file(name)}-*`))
        expect((await host.apply(ofRows(name))).code).toBe(2)
        for (const [type, , , after] of rows) {
          const seen = await bytes(file(`${name}-${type}`))
          const want = wanted(after)
          // Of what ends with a bracket, the end is where it was: nowhere.
          expect(seen, type).toBe(name === 'open' && type === 'json_setting' ? want.trimEnd() : want)
        }
        expect(await host.output(shell(`stat -c "%a %U %G" ${file(name)}-* | sort -u`))).toBe(
          '640 nobody adm\n',
        )
        const stat = () => host.output(shell(`stat -c "%i %Y" ${file(name)}-*`))
        const before = await stat()
        expect((await host.apply(ofRows(name))).code).toBe(0)
        expect(await stat()).toBe(before)
      },
    )

    it('a file that is missing is made, and one that may not be made is a failure', async () => {
      const { code } = await host.apply(ofRows('new'))
      expect(code).toBe(2)
      expect(await host.output(shell(`stat -c %a ${file('new')}-* | sort -u`))).toBe('644\n')
      expect(await bytes(file('new-json_setting'))).toBe('{\n  "b": 2\n}\n')
      expect((await host.apply(ofRows('new'))).code).toBe(0)

      const refused = await host.apply([piece('file_line', { path: file('none'), line: 'a', create: false })])
      expect(refused.code).toBe(4)
      expect(refused.report.resources[0]?.error?.message).toContain(`there is no file "${file('none')}"`)
      expect((await host.run(['test', '-e', file('none')])).code).toBe(1)
    })

    it('a broken file fails its own setting, with line and column, and stays as it is', async () => {
      const broken: readonly (readonly [type: string, text: string, said: string])[] = [
        ['json_setting', '{\n  "a": 1\n  "b": 2\n}\n', 'it is no JSON: CommaExpected at line 3, column 3'],
        ['yaml_setting', 'a: [1\nb: 2\n', 'it is no YAML: BAD_INDENT at line 2, column 1'],
        ['toml_setting', 'x = 1\na = [1\n', 'at line 2, column 5'],
      ]
      for (const [type, text] of broken) await put(file(`broken-${type}`), text)
      await put(file('whole.json'), '{}\n')
      const { code, report } = await host.apply([
        ...broken.map(([type]) => piece(type, { path: file(`broken-${type}`), key: ['k'], value: 1 })),
        piece('json_setting', { path: file('whole.json'), key: ['k'], value: 1 }, 'whole'),
      ])
      expect(code).toBe(6)
      for (const [type, text, said] of broken) {
        const one = report.resources.find(({ id }) => id === `${type}:x`)
        expect(one).toMatchObject({ outcome: 'failed', error: { code: 'apply-failed' } })
        expect(one?.error?.message).toContain(said)
        expect(await bytes(file(`broken-${type}`))).toBe(text)
      }
      expect(report.resources.find(({ id }) => id === 'json_setting:whole')?.outcome).toBe('changed')
    })

    it('what is no text, or no file, fails alone and stays', async () => {
      await host.output(shell(`printf 'a\\377\\n' > ${file('latin')}; mkdir ${file('folder')}`))
      const { code, report } = await host.apply([
        piece('file_line', { path: file('latin'), line: 'b' }),
        piece('file_line', { path: file('folder'), line: 'b' }, 'y'),
        piece('file_line', { path: file('apart'), line: 'b' }, 'z'),
      ])
      expect(code).toBe(6)
      expect(report.resources.map(({ outcome }) => outcome)).toEqual(['failed', 'failed', 'changed'])
      expect(report.resources[0]?.error?.message).toContain('it is not UTF-8 text')
      expect(
        await host
          .output(['xxd', '-p', file('latin')])
          .catch(() => host.output(['od', '-An', '-tx1', file('latin')])),
      ).toMatch(/61 ?ff ?0a/)
    })

    it('a symbolic link stays one, and what it names is edited', async () => {
      for (const [type, , before] of rows) await put(file(`real-${type}`), before)
      await host.output(
        shell(`cd /srv/piece && for one in real-*; do ln -s "$one" "link-\${one#real-}"; done`),
      )
      expect((await host.apply(ofRows('link'))).code).toBe(2)
      expect((await host.apply(ofRows('link'))).code).toBe(0)
      for (const [type, , , after] of rows) {
        expect(await host.output(['readlink', file(`link-${type}`)])).toBe(`real-${type}\n`)
        expect(await bytes(file(`real-${type}`)), type).toBe(after)
      }
    })

    it('several pieces of one file are all there after one run, and the service hears of it once', async () => {
      const three = (type: string, params: (n: number) => Record<string, unknown>) =>
        [1, 2, 3].map((n) =>
          host.resource(
            `${type}:${n}`,
            { ...params(n), ...placed(type, `several-${type}`) },
            { notify: ['exec:reload'] },
          ),
        )
      const resources = [
        ...three('file_line', (n) => ({ line: `line ${n}` })),
        ...three('file_block', (n) => ({ content: `in ${n}` })),
        ...three('ini_setting', (n) => ({ section: `s${n % 2}`, setting: `k${n}`, value: n })),
        ...three('json_setting', (n) => ({ key: ['a', `k${n}`], value: n })),
        ...three('yaml_setting', (n) => ({ key: ['a', `k${n}`], value: n })),
        ...three('toml_setting', (n) => ({ key: ['a', `k${n}`], value: n })),
        ...three('host_entry', (n) => ({ name: `h${n}`, ip: `10.0.0.${n}` })),
        host.resource('exec:reload', { command: 'echo x >> /srv/piece/reloaded', refreshOnly: true }),
      ]
      const first = await host.apply(resources)
      expect(first, JSON.stringify(first.report)).toMatchObject({ code: 2 })
      expect((await host.apply(resources)).code).toBe(0)
      expect(await bytes('/srv/piece/reloaded')).toBe('x\n')
      const seen = Object.fromEntries(
        await Promise.all(rows.map(async ([type]) => [type, await bytes(file(`several-${type}`))])),
      )
      expect(seen).toEqual({
        file_line: 'line 1\nline 2\nline 3\n',
        file_block: [1, 2, 3].map((n) => `# BEGIN REKINDLE ${n}\nin ${n}\n# END REKINDLE ${n}\n`).join(''),
        ini_setting: '[s1]\nk1 = 1\nk3 = 3\n\n[s0]\nk2 = 2\n',
        json_setting: '{\n  "a": {\n    "k1": 1,\n    "k2": 2,\n    "k3": 3\n  }\n}\n',
        yaml_setting: 'a:\n  k1: 1\n  k2: 2\n  k3: 3\n',
        toml_setting: '[a]\nk1 = 1\nk2 = 2\nk3 = 3\n',
        host_entry: '10.0.0.1\th1\n10.0.0.2\th2\n10.0.0.3\th3\n',
      })
    })

    it('an edit that its command refuses is not moved in, and one that it takes is (F13)', async () => {
      await put(file('checked.json'), '{"a": 1}\n')
      const set = (value: number) => [
        piece('json_setting', {
          path: file('checked.json'),
          key: ['a'],
          value,
          validate: ['grep', '-q', '"a": [12]', '%'],
        }),
      ]
      const refused = await host.apply(set(3))
      expect(refused.code).toBe(4)
      expect(refused.report.resources[0]).toMatchObject({
        outcome: 'failed',
        error: {
          code: 'validate-failed',
          message: expect.stringContaining(
            `Cannot apply ${set(3)[0]?.id} to "${file('checked.json')}": grep exits with 1`,
          ),
        },
      })
      expect(await bytes(file('checked.json'))).toBe('{"a": 1}\n')
      expect((await host.apply(set(2))).code).toBe(2)
      expect(await bytes(file('checked.json'))).toBe('{"a": 2}\n')
      expect(await host.output(shell('ls -A /srv/piece | grep -c rekindle || true'))).toBe('0\n')
    })

    it('a noop shows the line and writes nothing (N1)', async () => {
      await put(file('noop'), 'a\n')
      const { report } = await host.apply([piece('file_line', { path: file('noop'), line: 'b' })], {
        noop: true,
      })
      expect(report.resources[0]).toMatchObject({ outcome: 'pending', changes: [{ to: 'b' }] })
      expect(report.resources[0]?.changes[0]?.diff).toContain('+b')
      expect(await bytes(file('noop'))).toBe('a\n')
    })

    it('what is sensitive is in no report, and a file that is made for it is root’s alone', async () => {
      const secret = (value: string) =>
        rows
          .filter(([type]) => /^(json|yaml|toml|ini)_/.test(type))
          .map(([type, { section, setting }]) =>
            piece(type, {
              path: file(`secret-${type}`),
              ...(type === 'ini_setting' ? { section, setting } : { key: ['b'] }),
              value,
              sensitive: true,
            }),
          )
      const made = await host.apply(secret('hunter2-first'))
      const changed = await host.apply(secret('hunter2-second'))
      expect([made.code, changed.code]).toEqual([2, 2])
      expect(JSON.stringify([made.report, changed.report])).not.toContain('hunter2')
      expect(await host.output(shell(`grep -l hunter2-second ${file('secret')}-* | wc -l`))).toBe('4\n')
      expect(await host.output(shell(`stat -c %a ${file('secret')}-* | sort -u`))).toBe('600\n')
    })

    it('concat: fragments in their order, and one that is no longer declared is gone', async () => {
      const content = (names: readonly (readonly [name: string, order: number])[]) =>
        compile(
          role('test', () => {
            const made = concat(file('made.conf'), { header: '# head' })
            for (const [name, order] of names) fragment(made, { content: name, order })
          }),
        ).find('file', file('made.conf')).content ?? ''
      const three = content([
        ['last', 100],
        ['second', 9],
        ['first', -1],
      ])
      const apply = (text: string) =>
        host.apply([host.resource(`file:${file('made.conf')}`, { content: text })])
      expect((await apply(three)).code).toBe(2)
      expect(await bytes(file('made.conf'))).toBe('# head\nfirst\nsecond\nlast\n')
      expect((await apply(three)).code).toBe(0)
      await host.output(['sed', '-i', 's/second/tampered/', file('made.conf')])
      expect((await apply(three)).code).toBe(2)
      const two = content([
        ['last', 100],
        ['first', -1],
      ])
      expect((await apply(two)).code).toBe(2)
      expect(await bytes(file('made.conf'))).toBe('# head\nfirst\nlast\n')
    })
  },
)
