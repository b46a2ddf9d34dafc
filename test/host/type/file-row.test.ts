/** Files on a real host: rows of Puppet's behaviours that people rely on, URLs, bytes, large files, and `tidy`. */
import { randomBytes } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { sha256 } from '../../../schemas/hash.ts'
import { createLab, type Lab } from '../../lab/lab.ts'
import { canRunHosts } from '../../lab/prerequisites.ts'
import { type ConvergeCase, checkCase } from '../converge-case.ts'
import { bootHost, type OnHost } from '../on-host.ts'

const hosts = canRunHosts()

describe.skipIf(!hosts.ok)(`rows of file${hosts.ok ? '' : `: skipped: ${hosts.reason}`}`, () => {
  let lab: Lab
  let host: OnHost
  beforeAll(async () => {
    lab = await createLab({ name: 'file-row', log: console.log })
    host = await bootHost(lab, 'file-row-1')
    await host.output(['apt-get', 'install', '-y', '-qq', 'openssl'])
  })
  afterAll(() => lab.close())

  const file = (path: string, params: Record<string, unknown>) => host.resource(`file:${path}`, params)
  const shell = (command: string) => host.output(['sh', '-ec', command])
  const outcomes = ({ report }: Awaited<ReturnType<OnHost['apply']>>) =>
    report.resources.map(({ outcome }) => outcome)

  const cases: readonly ConvergeCase[] = [
    {
      title: 'a link is made and pointed back (F25)',
      resources: () => [file('/srv/link', { ensure: 'symlink', target: '/etc/hostname' })],
      drift: ['ln', '-sfn', '/etc/passwd', '/srv/link'],
      shows: ['file:/srv/link', 'target'],
      look: ['readlink', '/srv/link'],
      seen: '/etc/hostname\n',
    },
    {
      title: 'a link that was copied is a link again (F27)',
      resources: () => [file('/srv/copied', { ensure: 'symlink', target: 'hostname' })],
      drift: ['sh', '-c', 'rm /srv/copied; echo x > /srv/copied'],
      shows: ['file:/srv/copied', 'ensure'],
      look: ['readlink', '/srv/copied'],
      seen: 'hostname\n',
    },
    {
      title: 'bytes that are no text (F36)',
      resources: () => [file('/srv/bytes', { content: Buffer.from([0xc0, 0xff]) })],
      drift: ['sh', '-c', 'echo text > /srv/bytes'],
      shows: ['file:/srv/bytes', 'content'],
      look: ['od', '-An', '-tx1', '/srv/bytes'],
      seen: ' c0 ff\n',
    },
    {
      title: 'what a FIFO took the place of (F30)',
      resources: () => [file('/srv/fifo', { content: 'a file\n' })],
      drift: ['sh', '-c', 'rm /srv/fifo; mkfifo /srv/fifo'],
      shows: ['file:/srv/fifo', 'ensure'],
      look: ['cat', '/srv/fifo'],
      seen: 'a file\n',
    },
  ]

  it.each(cases)('$title: converges, holds, shows drift, is corrected', (one) => checkCase(host, one))

  it('a file is made with its content, mode 0644, in one change (F1)', async () => {
    const first = await host.apply([file('/srv/new', { content: 'x' })])
    expect(first).toMatchObject({ code: 2, report: { counts: { changed: 1 } } })
    expect(await shell('cat /srv/new; stat -c " %a" /srv/new')).toBe('x 644\n')
    expect((await host.apply([file('/srv/new', { content: 'x' })])).code).toBe(0)
  })

  it('what is below a file is absent, and its parent stays (F3)', async () => {
    await shell('echo x > /srv/no-directory')
    const { code } = await host.apply([file('/srv/no-directory/below', { ensure: 'absent' })])
    expect(code).toBe(0)
    expect(await shell('cat /srv/no-directory')).toBe('x\n')
  })

  it('a directory without force is refused in every run, and goes with it (F4)', async () => {
    await shell('mkdir -p /srv/full/sub; echo x > /srv/full/sub/x')
    const gone = (force: boolean) => host.apply([file('/srv/full', { ensure: 'absent', force })])
    expect([(await gone(false)).code, (await gone(false)).code]).toEqual([4, 4])
    expect(await shell('cat /srv/full/sub/x')).toBe('x\n')
    expect([(await gone(true)).code, (await gone(true)).code]).toEqual([2, 0])
  })

  it('with replace false a content that is there stays, and its mode is still held (F12)', async () => {
    await shell('echo x > /srv/kept; chmod 600 /srv/kept')
    const resources = [file('/srv/kept', { content: 'z\n', replace: false, mode: '0640' })]
    expect((await host.apply(resources)).code).toBe(2)
    expect(await shell('cat /srv/kept; stat -c %a /srv/kept')).toBe('x\n640\n')
    expect((await host.apply(resources)).code).toBe(0)
  })

  it('content that its command refuses stays out, and good content gets in (F13)', async () => {
    await shell('echo x > /srv/checked')
    const put = (content: string) =>
      host.apply([file('/srv/checked', { content, validate: 'grep -q good %' })])
    expect([(await put('bad\n')).code, (await put('bad\n')).code]).toEqual([4, 4])
    expect(await shell('cat /srv/checked; ls -A /srv | grep -c rekindle || true')).toBe('x\n0\n')
    expect((await put('good\n')).code).toBe(2)
    expect(await shell('cat /srv/checked')).toBe('good\n')
  })

  it('a link’s mode is not its target’s (F28)', async () => {
    await shell('echo x > /srv/target; chmod 644 /srv/target; ln -s target /srv/pointer')
    const { code } = await host.apply([file('/srv/pointer', { target: 'target', mode: '0755' })])
    expect(code).toBe(0)
    expect(await shell('stat -c %a /srv/target')).toBe('644\n')
  })

  it('a diff is in the report, but not of what is sensitive, which is nowhere (F33, F34)', async () => {
    await shell('echo old > /srv/shown; echo old > /srv/secret')
    const { report, stderr } = await host.apply([
      file('/srv/shown', { content: 'new\n' }),
      file('/srv/secret', { content: 'hunter2\n', sensitive: true }),
    ])
    expect(report.resources[0]?.changes[0]?.diff).toContain('-old\n+new\n')
    expect(report.resources[1]?.changes).toEqual([
      { property: 'content', from: '[redacted]', to: '[redacted]' },
    ])
    expect(await shell('cat /srv/secret')).toBe('hunter2\n')
    expect(JSON.stringify(report) + stderr).not.toContain('hunter2')
    const kept = await host.run(['grep', '-rl', '--exclude-dir=blob', 'hunter2', '/var/lib/rekindle'])
    expect(kept.stdout).toBe('')
  })

  it('what was overwritten comes back as it was (F37)', async () => {
    await shell("printf 'a\\300\\377' > /srv/precious; chmod 640 /srv/precious")
    await host.apply([file('/srv/precious', { content: 'new\n', mode: '0600' })])
    await host.output(['rekindle', 'backup', 'restore', '/srv/precious'])
    expect(await shell('od -An -tx1 /srv/precious; stat -c %a /srv/precious')).toBe(' 61 c0 ff\n640\n')
  })

  it('an unknown owner fails alone: content and mode are brought about, no setuid bit is, others go on (F43)', async () => {
    const resources = [
      file('/srv/unowned', { content: 'x\n', mode: '4750', owner: 'nobody-such' }),
      file('/srv/after', { content: 'y\n' }),
    ]
    const first = await host.apply(resources)
    expect(first.code).toBe(6)
    expect(outcomes(first)).toEqual(['failed', 'changed'])
    expect(first.report.resources[0]?.error?.message).toContain('owner "nobody-such" does not exist')
    expect(await shell('cat /srv/unowned; stat -c "%a %U" /srv/unowned')).toBe('x\n750 root\n')
    expect((await host.apply(resources)).code).toBe(4)
    await shell('useradd --system nobody-such')
    expect((await host.apply(resources)).code).toBe(2)
    expect(await shell('stat -c "%a %U" /srv/unowned; userdel nobody-such')).toBe('4750 nobody-such\n')
  })

  it('an immutable file is named as one, and stays', async (context) => {
    await shell('echo old > /srv/immutable')
    const can = await host.run(['chattr', '+i', '/srv/immutable'])
    if (can.code !== 0) context.skip(`no attributes here: ${can.stderr}`)
    const { code, report } = await host.apply([file('/srv/immutable', { content: 'new\n' })])
    expect(await shell('cat /srv/immutable; chattr -i /srv/immutable')).toBe('old\n')
    expect(code).toBe(4)
    expect(report.resources[0]?.error).toMatchObject({
      message: expect.stringContaining('"/srv/immutable" has the immutable attribute'),
      kept: 'what stood there before',
      hint: expect.stringContaining('chattr -i "/srv/immutable"'),
    })
  })

  it('a source over https is fetched once its authority is trusted, and not where its checksum differs (F24, F39, F42)', async () => {
    await shell(`
      mkdir -p /srv/www; cd /srv/www; echo tool > tool
      openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 90 -subj /CN=127.0.0.1 \\
        -addext subjectAltName=IP:127.0.0.1 -keyout key.pem -out cert.pem 2> /dev/null
      systemd-run --quiet --unit=www --working-directory=/srv/www openssl s_server -accept 8443 -cert cert.pem -key key.pem -WWW
      for try in 1 2 3 4 5 6 7 8 9; do openssl s_client -connect 127.0.0.1:8443 < /dev/null > /dev/null 2>&1 && break; sleep 1; done`)
    const put = (name: string, more: object = {}) =>
      host.apply([
        file('/srv/tool', {
          source: `https://127.0.0.1:8443/${name}`,
          checksum: `sha256:${sha256('tool\n')}`,
          mode: '0755',
          ...more,
        }),
        file('/srv/other', { content: 'other\n' }),
      ])
    const untrusted = await put('tool')
    expect(untrusted.code).toBe(6)
    expect(untrusted.report.resources[0]?.error?.message).toMatch(
      /Cannot fetch "https:\/\/127\.0\.0\.1:8443\/tool": its certificate is not trusted/,
    )
    expect((await host.run(['test', '-e', '/srv/tool'])).code).toBe(1)
    expect((await put('tool', { caFile: '/srv/www/cert.pem' })).code).toBe(2)
    expect(await shell('cat /srv/tool; stat -c %a /srv/tool; rm /srv/tool')).toBe('tool\n755\n')
    await shell('mkdir -p /etc/ssl/certs; cat /srv/www/cert.pem >> /etc/ssl/certs/ca-certificates.crt')
    expect((await put('tool')).code).toBe(2)
    expect((await put('tool')).code).toBe(0)
    const wrong = await put('tool', { checksum: `sha256:${'0'.repeat(64)}` })
    expect(wrong.report.resources[0]?.error?.message).toContain('is not what is wanted')
    await shell('echo tampered > /srv/tool')
    expect((await put('none')).code).toBe(4)
    expect(await shell('cat /srv/tool; systemctl stop www; ls -A /srv | grep -c rekindle || true')).toBe(
      'tampered\n0\n',
    )
  })

  it('a file of 64 MiB is written in the memory of a small one', async () => {
    const peak = async (content: Buffer) => {
      const path = '/srv/large'
      const say = ['sh', '-c', 'awk "/VmHWM/ { print \\$2 }" /proc/$PPID/status > /srv/peak']
      const run = await host.apply([
        file(path, { content }),
        host.resource('exec:peak', { command: say }, { require: [`file:${path}`] }),
      ])
      expect(run.code, JSON.stringify(run.report)).toBe(2)
      expect((await shell(`sha256sum < ${path}`)).split(' ')[0]).toBe(sha256(content))
      return Number(await shell('cat /srv/peak')) / 1024
    }
    const small = await peak(Buffer.from('small\n'))
    expect(small).toBeGreaterThan(10)
    const large = await peak(randomBytes(64 * 1024 * 1024))
    // Streams have their buffers; the content itself would be 64 MiB, twice where it is copied.
    expect(large - small).toBeLessThan(16)
    await shell('rm /srv/large')
  })

  it('what is old goes, what is young or declared stays; two look at one directory (X9)', async () => {
    await shell(`
      mkdir -p /srv/tidy/old /srv/tidy/new; cd /srv/tidy
      touch -d '3 days ago' a old/b declared; echo x > new/c; echo x > core.1; echo x > core.2
      ln -s /etc link; touch -h -d '3 days ago' link; mkfifo pipe; touch -d '3 days ago' pipe old`)
    const resources = [
      file('/srv/tidy/declared', {}),
      host.resource('tidy:/srv/tidy', {
        age: '1d',
        recurse: true,
        rmdirs: true,
        declaredBelow: ['/srv/tidy/declared'],
      }),
      host.resource('tidy:cores', { path: '/srv/tidy', matches: ['core.*'] }),
    ]
    const ofTree = ({ report }: Awaited<ReturnType<OnHost['apply']>>) =>
      report.resources.find(({ id }) => id === 'tidy:/srv/tidy')
    const planned = await host.apply(resources, { noop: true })
    expect(
      ofTree(planned)
        ?.changes.map(({ property }) => property)
        .toSorted(),
    ).toEqual(['/srv/tidy/a', '/srv/tidy/link', '/srv/tidy/old', '/srv/tidy/old/b'])
    expect(await shell('cd /srv/tidy; ls -d a old/b core.1')).toBe('a\ncore.1\nold/b\n')
    expect((await host.apply(resources)).code).toBe(2)
    expect(await shell('cd /srv/tidy; find . -mindepth 1 | sort; ls -d /etc/hostname')).toBe(
      './declared\n./new\n./new/c\n./pipe\n/etc/hostname\n',
    )
    expect((await host.apply(resources)).code).toBe(0)
    await shell("touch -d '3 days ago' /srv/tidy/a")
    const later = await host.apply(resources, { drift: 'report' })
    expect(ofTree(later), 'what grows old is no drift').toMatchObject({ cause: 'intent' })
    expect((await host.run(['test', '-e', '/srv/tidy/a'])).code).toBe(1)
  })

  it('inspect prints what would change nothing', async () => {
    await shell(
      "printf 'Welcome\\n' > /srv/motd; chmod 640 /srv/motd; chgrp adm /srv/motd; printf '\\300\\377' > /srv/raw",
    )
    const inspect = (path: string) => host.output(['rekindle', 'inspect', 'file', path])
    expect(await inspect('/srv/motd')).toContain(
      "file('/srv/motd', { content: 'Welcome\\n', owner: 'root', group: 'adm', mode: '0640' })",
    )
    expect(await inspect('/srv/raw')).toContain("contentBase64: 'wP8='")
    expect(await inspect('/srv/pointer')).toContain("ensure: 'symlink', target: 'target'")
    const params = { content: 'Welcome\n', owner: 'root', group: 'adm', mode: '0640' }
    expect((await host.apply([file('/srv/motd', params)])).code).toBe(0)
    expect((await host.run(['rekindle', 'inspect', 'file'])).stderr).toContain(
      'name one by its absolute path',
    )
  })
})
