/** What is delivered to a host and how it is reached: archives, checkouts, packet filters, certificates, messages, reboots. */
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { crc32 } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { sha256 } from '../../../schemas/hash.ts'
import { createLab, type Lab } from '../../lab/lab.ts'
import { canRunHosts } from '../../lab/prerequisites.ts'
import { type ConvergeCase, checkCase } from '../converge-case.ts'
import { bootHost, type OnHost } from '../on-host.ts'

const hosts = canRunHosts()
/** Of the lab's package repository, which stands outside of the hosts. */
const repositoryPort = 8181

describe.skipIf(!hosts.ok)(`delivery on a real host${hosts.ok ? '' : `: skipped: ${hosts.reason}`}`, () => {
  let lab: Lab
  let host: OnHost
  beforeAll(async () => {
    lab = await createLab({ name: 'delivery', log: console.log })
    host = await bootHost(lab, 'delivery-1')
    await host.output(
      shell(
        'DEBIAN_FRONTEND=noninteractive apt-get install -y -qq nftables git unzip xz-utils bzip2 openssl',
      ),
    )
    await host.output(
      shell(`git config --global user.email a@example.org; git config --global user.name A
               git config --global init.defaultBranch main; git config --system safe.directory '*'
               git init -q /srv/work; cd /srv/work; git remote add origin /srv/remote.git; git init -q --bare /srv/remote.git
               echo one > file; echo x > "with space"; git add .; git commit -qm one; git tag -a v1 -m v1
               echo two > file; git commit -qam two; git push -q --tags origin main`),
    )
    await host.output(
      shell(`cd /root; openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 90 -subj /CN=given \\
               -keyout given.key -out given.pem 2> /dev/null
             openssl req -x509 -newkey rsa:2048 -nodes -days 900 -subj "/C=DE/O=Test, with comma/CN=Lab authority" \\
               -keyout ca.key -out ca.pem 2> /dev/null`),
    )
    pair = {
      certificate: await host.output(['cat', '/root/given.pem']),
      key: await host.output(['cat', '/root/given.key']),
    }
    makeArchives(lab.repositoryDir)
    for (const name of readdirSync(lab.repositoryDir))
      if (/\.(tar|tar\..*|zip)$/.test(name))
        hashes[name] = sha256(readFileSync(join(lab.repositoryDir, name)))
  })
  afterAll(() => lab.close())

  /** By name, of what the lab's server hosts. */
  const hashes: Record<string, string> = {}
  const hosted = (name: string) => `http://${lab.address}:${repositoryPort}/${name}`
  const blobOf = (name: string) => {
    const bytes = readFileSync(join(lab.repositoryDir, name))
    writeFileSync(join(lab.settings.dir, host.machine, 'root/root/blobs', sha256(bytes)), bytes)
    return { sha256: sha256(bytes), size: bytes.length }
  }

  const isPair = (certificate: string, key: string) =>
    `[ "$(openssl x509 -in ${certificate} -pubkey -noout)" = "$(openssl pkey -in ${key} -pubout)" ] && echo pair`
  let pair: { certificate: string; key: string }

  const shell = (script: string) => ['sh', '-c', script]
  const output = (script: string) => host.output(shell(script))

  const rules = (...lines: readonly string[]) =>
    `chain input {\n  type filter hook input priority 0; policy accept;\n${lines.map((line) => `  ${line}\n`).join('')}}\n`
  const open = rules(
    'ct state established,related accept',
    'iif lo accept',
    'tcp dport { 443, 22 } counter accept',
  )

  const cases: readonly ConvergeCase[] = [
    {
      title: 'firewall: a rule added by hand',
      resources: () => [host.resource('firewall:inet filter', { content: open })],
      drift: ['nft', 'add', 'rule', 'inet', 'filter', 'input', 'tcp', 'dport', '23', 'accept'],
      shows: ['firewall:inet filter', 'rules'],
      look: shell('nft -s list table inet filter | grep dport; grep -c include /etc/nftables.conf'),
      seen: '\t\ttcp dport { 22, 443 } counter accept\n1\n',
    },
    {
      title: 'firewall: flushed by hand',
      resources: () => [host.resource('firewall:inet filter', { content: open })],
      drift: ['nft', 'flush', 'ruleset'],
      shows: ['firewall:inet filter', 'ensure'],
      look: shell('nft -s list table inet filter | grep -c accept'),
      seen: '4\n',
    },
    {
      title: 'git_checkout: a tag, changed by hand',
      resources: () => [host.resource('git_checkout:/srv/app', { url: '/srv/remote.git', revision: 'v1' })],
      drift: shell('echo tampered > /srv/app/file; rm "/srv/app/with space"'),
      shows: ['git_checkout:/srv/app', 'local'],
      look: shell('cat /srv/app/file; git -C /srv/app describe --tags; git -C /srv/app status --porcelain'),
      seen: 'one\nv1\n',
    },
    {
      title: 'git_checkout: another commit and another remote, checked out by hand',
      resources: () => [host.resource('git_checkout:/srv/app', { url: '/srv/remote.git', revision: 'v1' })],
      drift: shell(
        'cd /srv/app && git remote set-url origin /elsewhere && git checkout -q --detach $(git rev-parse origin/main)',
      ),
      shows: ['git_checkout:/srv/app', 'url'],
      look: shell('cat /srv/app/file; git -C /srv/app remote get-url origin'),
      seen: 'one\n/srv/remote.git\n',
    },
    {
      title: 'git_checkout: of a user, only some history, and nothing untracked',
      resources: () => [
        host.resource('user:deploy', { home: '/home/deploy', manageHome: true }),
        host.resource(
          'git_checkout:/srv/deployed',
          { url: 'file:///srv/remote.git', revision: 'main', user: 'deploy', depth: 1, untracked: 'report' },
          { require: ['user:deploy'] },
        ),
      ],
      drift: shell('touch /srv/deployed/litter'),
      shows: ['git_checkout:/srv/deployed', 'untracked'],
      look: shell(
        'cd /srv/deployed; cat file; ls; stat -c %U .git/HEAD; su deploy -c "git rev-list --count HEAD"',
      ),
      seen: 'two\nfile\nwith space\ndeploy\n1\n',
    },
    {
      title: 'archive: from a URL, one directory stripped',
      resources: () => [
        host.resource('archive:/opt/app', {
          url: hosted('app-1.tar.gz'),
          sha256: hashes['app-1.tar.gz'],
          strip: 1,
        }),
      ],
      drift: ['rm', '-r', '/opt/app'],
      shows: ['archive:/opt/app', 'ensure'],
      look: shell('cat /opt/app/bin/app; stat -c "%a %U" /opt/app /opt/app/bin/app; ls /opt/app'),
      seen: 'one\n755 root\n755 root\nbin\nlink\n',
    },
    {
      title: 'archive: of the site, of an owner, every file verified',
      resources: () => [
        host.resource('archive:theme', {
          to: '/opt/theme',
          blob: blobOf('app-1.tar.xz'),
          owner: 'daemon',
          verify: true,
        }),
      ],
      drift: shell('echo tampered >> /opt/theme/app-1/bin/app'),
      shows: ['archive:theme', 'files'],
      look: shell('cat /opt/theme/app-1/bin/app; stat -c %U /opt/theme/app-1/bin/app'),
      seen: 'one\ndaemon\n',
    },
    {
      title: 'archive: beside what others put there, until "creates" is there',
      resources: () => [
        host.resource('archive:tool', {
          ...{ to: '/opt/shared', url: hosted('app-1.zip'), sha256: hashes['app-1.zip'], strip: 1 },
          creates: '/opt/shared/bin/app',
        }),
      ],
      drift: shell('rm /opt/shared/bin/app; echo other > /opt/shared/bin/other'),
      shows: ['archive:tool', 'creates'],
      look: shell('cat /opt/shared/bin/app'),
      seen: 'one\n',
    },
    {
      title: 'certificate: given, with its key replaced by hand',
      resources: () => [
        host.resource('certificate:/etc/ssl/given.pem', {
          ...{ content: pair.certificate, key: pair.key, group: 'daemon', keyMode: '0640' },
          fullchain: '/etc/ssl/given-full.pem',
        }),
      ],
      drift: shell(
        'openssl genpkey -quiet -algorithm ed25519 -out /etc/ssl/given.key; chmod 644 /etc/ssl/given.key',
      ),
      shows: ['certificate:/etc/ssl/given.pem', 'key'],
      look: shell(`stat -c "%a %G" /etc/ssl/given.key; ${isPair('/etc/ssl/given.pem', '/etc/ssl/given.key')}
                     cmp /etc/ssl/given.pem /etc/ssl/given-full.pem && echo same`),
      seen: '640 daemon\npair\nsame\n',
    },
    {
      title: 'firewall: absent',
      resources: () => [host.resource('firewall:ip gone', { ensure: 'absent' })],
      drift: ['nft', 'add', 'table', 'ip', 'gone'],
      shows: ['firewall:ip gone', 'ensure'],
      look: shell('nft list tables | grep -c gone || true'),
      seen: '0\n',
    },
  ]

  it.each(cases)('$title: converges, holds, shows drift, is corrected', (one) => checkCase(host, one))

  describe('archive', () => {
    const app = (name: string, more: Record<string, unknown> = {}) => [
      host.resource('archive:/opt/app', { url: hosted(name), sha256: hashes[name], strip: 1, ...more }),
    ]

    it('another checksum replaces all of it, whatever it is packed with', async () => {
      for (const name of [
        'app-2.tar.bz2',
        'app-1.tar.gz',
        'app-2.tar',
        'app-1.tar.xz',
        'app-2.tar',
        'app-1.zip',
      ]) {
        const { code, report } = await host.apply(app(name))
        expect(code, JSON.stringify(report)).toBe(2)
        expect(await output('cat /opt/app/bin/app')).toBe(name.startsWith('app-1') ? 'one\n' : 'two\n')
        expect(await host.apply(app(name))).toMatchObject({ code: 0 })
      }
      expect(await output('ls -A /opt | grep -c rekindle || true')).toBe('0\n')
    })

    it('another archive than the one that is wanted is not unpacked', async () => {
      await host.apply(app('app-1.tar.gz'))
      const { code, report } = await host.apply(app('app-2.tar', { sha256: hashes['app-1.zip'] }))
      expect(code).toBe(4)
      expect(report.resources[0]?.error?.message).toContain(`its SHA-256 is ${hashes['app-2.tar']}`)
      const away = await host.apply(app('nowhere.tar', { sha256: hashes['app-1.zip'] }))
      expect(away.report.resources[0]?.error?.message).toMatch(/nowhere.tar": it answers 404/)
      expect(await output('cat /opt/app/bin/app; ls -A /opt | grep -c rekindle || true')).toBe('one\n0\n')
    })

    it.each(['parent.tar', 'absolute.tar', 'link.tar', 'through.tar', 'parent.zip'])(
      'an archive that leads out of its directory is refused: %s',
      async (name) => {
        const url = { url: hosted(name), sha256: hashes[name] }
        const { code, report } = await host.apply([host.resource('archive:/opt/evil', url)])
        expect(code).toBe(4)
        expect(report.resources[0]?.error?.message).toMatch(/leads out of the directory|cannot unpack it/)
        expect(await output('ls -d /opt/evil /opt/escaped /escaped /tmp/escaped 2>/dev/null | wc -l')).toBe(
          '0\n',
        )
      },
    )

    it('killed while it is fetched and unpacked, the next run ends the same and leaves nothing beside', async () => {
      await output('rm -rf /opt/app')
      host.prepareCatalog(app('app-1.tar.gz'))
      for (const seconds of ['0.1', '0.13', '0.16', '0.2'])
        await host.run(shell(`timeout --signal=KILL ${seconds} ${host.applyCommand.join(' ')}`))
      await host.apply(app('app-1.tar.gz'))
      expect(await host.apply(app('app-1.tar.gz'))).toMatchObject({ code: 0 })
      expect(await output('cat /opt/app/bin/app; ls -A /opt | grep -c rekindle || true')).toBe('one\n0\n')
    })

    it('a directory that is no unpacked archive is replaced or removed only with force (F4)', async () => {
      await output('mkdir -p /opt/data && echo kept > /opt/data/kept')
      const url = { url: hosted('app-1.tar.gz'), sha256: hashes['app-1.tar.gz'] }
      expect(await host.apply([host.resource('archive:/opt/data', url)])).toMatchObject({ code: 4 })
      expect(await host.apply([host.resource('archive:/opt/data', { ensure: 'absent' })])).toMatchObject({
        code: 4,
      })
      expect(await output('cat /opt/data/kept')).toBe('kept\n')
      expect(await host.apply([host.resource('archive:/opt/app', { ensure: 'absent' })])).toMatchObject({
        code: 2,
      })
      expect((await host.run(['test', '-e', '/opt/app'])).code).toBe(1)
    })
  })

  describe('git_checkout', () => {
    const checkout = (params: Record<string, unknown>) => [
      host.resource('git_checkout:/srv/site', { url: '/srv/remote.git', ...params }),
    ]
    const commitInWork = (text: string) =>
      output(`cd /srv/work && echo ${text} > file && git commit -qam ${text} && git push -q origin main`)

    it('a branch is followed only when asked for, and a tag needs no remote', async () => {
      expect(await host.apply(checkout({ revision: 'main' }))).toMatchObject({ code: 2 })
      await commitInWork('three')
      expect(await host.apply(checkout({ revision: 'main' }))).toMatchObject({ code: 0 })
      const followed = await host.apply(checkout({ revision: 'main', track: true }))
      expect(followed.report.resources[0]?.changes.map(({ property }) => property)).toEqual(['revision'])
      expect(await output('cat /srv/site/file')).toBe('three\n')
      await host.apply(checkout({ revision: 'v1' }))
      await output('mv /srv/remote.git /srv/away.git')
      expect(await host.apply(checkout({ revision: 'v1' }))).toMatchObject({ code: 0 })
      const silent = await host.apply(checkout({ revision: 'main', track: true }))
      await output('mv /srv/away.git /srv/remote.git')
      expect(silent).toMatchObject({
        code: 4,
        report: { resources: [{ outcome: 'failed', error: { code: 'resource-unreadable' } }] },
      })
    })

    it('what is reset is kept: changed files in the backups, local commits in the repository', async () => {
      await host.apply(checkout({ revision: 'v1' }))
      await output('cd /srv/site && echo mine > file && git commit -qam mine && echo more > file')
      const refused = await host.apply(checkout({ revision: 'v1', force: false }))
      expect(refused.report.resources[0]?.error?.message).toContain('it has local changes in file')
      expect(await output('cat /srv/site/file')).toBe('more\n')
      expect(await host.apply(checkout({ revision: 'v1' }))).toMatchObject({ code: 2 })
      expect(await output('cat /srv/site/file')).toBe('one\n')
      const kept = 'git show $(git for-each-ref --format="%(refname)" refs/rekindle/kept):file'
      expect(await output(`cd /srv/site && ${kept}`)).toBe('mine\n')
      expect(await output('grep -hx more -r /var/lib/rekindle/backup/content')).toBe('more\n')
    })

    it('a lock that a killed git left is no obstacle once it is old', async () => {
      await host.apply(checkout({ revision: 'v1' }))
      await output('echo x > /srv/site/file; touch -d "1 hour ago" /srv/site/.git/index.lock')
      expect(await host.apply(checkout({ revision: 'v1' }))).toMatchObject({ code: 2 })
    })

    it('killed while it clones, the next run ends the same and leaves nothing beside', async () => {
      await output('rm -rf /srv/site')
      host.prepareCatalog(checkout({ revision: 'v1' }))
      for (const seconds of ['0.15', '0.2', '0.25', '0.3'])
        await host.run(shell(`timeout --signal=KILL ${seconds} ${host.applyCommand.join(' ')}`))
      await host.apply(checkout({ revision: 'v1' }))
      expect(await host.apply(checkout({ revision: 'v1' }))).toMatchObject({ code: 0 })
      expect(await output('cat /srv/site/file; ls -A /srv | grep -c rekindle || true')).toBe('one\n0\n')
    })

    it('a remote that is not there leaves nothing at the path, and something else there stays without force (F4)', async () => {
      await output('mkdir -p /srv/other && echo kept > /srv/other/kept')
      const away = { url: '/srv/nowhere.git', revision: 'v1' }
      const { code, report } = await host.apply([
        host.resource('git_checkout:/srv/none', away),
        host.resource('git_checkout:/srv/other', { url: '/srv/remote.git', revision: 'v1' }),
        host.resource('git_checkout:/srv/site', { url: '/srv/remote.git', revision: 'no-such' }),
      ])
      expect(code).toBe(4)
      expect(report.resources.map(({ error }) => error?.message)).toEqual([
        expect.stringContaining('cannot ask its remote: git answers'),
        expect.stringContaining('a directory that is no checkout'),
        expect.stringContaining('the remote has no branch or tag "no-such"'),
      ])
      expect(await output('cat /srv/other/kept; ls -A /srv | grep -cE "none|rekindle" || true')).toBe(
        'kept\n0\n',
      )
    })

    it('submodules, and a checkout that is removed only with force', async () => {
      await output(
        `git config --system protocol.file.allow always; cd /srv/work
           git submodule --quiet add /srv/remote.git sub && git commit -qm sub && git tag v2 && git push -q --tags origin`,
      )
      const withSub = checkout({ revision: 'v2', submodules: true })
      await host.apply(withSub)
      expect(await host.apply(withSub)).toMatchObject({ code: 0 })
      await output('git -C /srv/site/sub checkout -q v1')
      expect(await host.apply(withSub)).toMatchObject({ code: 2 })
      expect(await host.apply(checkout({ ensure: 'absent' }))).toMatchObject({ code: 4 })
      expect(await host.apply(checkout({ ensure: 'absent', force: true }))).toMatchObject({ code: 2 })
      expect((await host.run(['test', '-e', '/srv/site'])).code).toBe(1)
    })
  })

  describe('certificate', () => {
    const www = (params: Record<string, unknown> = {}) => [
      host.resource('certificate:/etc/ssl/www.crt', {
        ...{
          names: ['www.example.org', '192.0.2.7', '2001:DB8::7'],
          ca: { cert: '/root/ca.pem', key: '/root/ca.key' },
        },
        ...{ chain: '/etc/ssl/www-chain.pem', fullchain: '/etc/ssl/www-full.pem' },
        ...params,
      }),
    ]
    const fingerprint = () => output('openssl x509 -in /etc/ssl/www.crt -noout -fingerprint')
    const changed = (report: {
      readonly resources: readonly { readonly changes: readonly { readonly property: string }[] }[]
    }) => report.resources[0]?.changes.map(({ property }) => property)

    it('is signed by an authority on the host, renewed in time, and no key is told or kept', async () => {
      const first = await host.apply(www({ validDays: 88 }))
      expect(first.code, JSON.stringify(first.report)).toBe(2)
      expect(
        await output('openssl verify -CAfile /root/ca.pem -verify_hostname www.example.org /etc/ssl/www.crt'),
      ).toContain('OK')
      expect(
        await output(
          'openssl verify -CAfile /etc/ssl/www-chain.pem -verify_ip 2001:db8::7 /etc/ssl/www-full.pem',
        ),
      ).toContain('OK')
      expect(
        await output(`stat -c %a /etc/ssl/www.key; ${isPair('/etc/ssl/www.crt', '/etc/ssl/www.key')}`),
      ).toBe('600\npair\n')
      expect(await host.apply(www())).toMatchObject({ code: 0 })
      const before = await fingerprint()
      const due = await host.apply(www({ renewBefore: 88 }))
      expect(due.report.resources[0]).toMatchObject({ outcome: 'changed', cause: 'intent' })
      expect(changed(due.report)).toEqual(['renewal'])
      expect(await fingerprint()).not.toBe(before)
      expect(await host.apply(www(), { drift: 'report' })).toMatchObject({ code: 0 })
      expect(JSON.stringify([first.report, due.report])).not.toContain('PRIVATE KEY')
      expect(await output('grep -rl "PRIVATE KEY" /var/lib/rekindle | wc -l')).toBe('0\n')
    })

    it('certificate and key that do not belong together are made anew, a lost chain and a mode are not', async () => {
      await host.apply(www())
      await output('openssl genpkey -quiet -algorithm ed25519 -out /etc/ssl/www.key')
      expect(changed((await host.apply(www())).report)).toEqual(['key'])
      expect(await output(isPair('/etc/ssl/www.crt', '/etc/ssl/www.key'))).toBe('pair\n')
      const before = await fingerprint()
      await output('rm /etc/ssl/www-full.pem; chmod 644 /etc/ssl/www.key')
      expect(changed((await host.apply(www())).report)).toEqual(['fullchain', 'keyMode'])
      expect(await fingerprint()).toBe(before)
      expect(
        changed((await host.apply(www({ names: ['b.example.org'], keyType: 'rsa-2048' }))).report),
      ).toEqual(['names', 'keyType'])
      expect(
        changed(
          (
            await host.apply(
              www({ names: ['b.example.org'], keyType: 'rsa-2048', ca: undefined, selfSigned: true }),
            )
          ).report,
        ),
      ).toContain('issuer')
      expect(await host.apply(www({ ensure: 'absent' }))).toMatchObject({ code: 2 })
      expect(await output('ls /etc/ssl | grep -c www || true')).toBe('0\n')
    })

    it('a pair that is none, or an authority that is not there, changes nothing and tells no key', async () => {
      const { code, report } = await host.apply([
        host.resource('certificate:/etc/ssl/wrong.pem', {
          content: pair.certificate,
          key: await output('cat /root/ca.key'),
        }),
        ...www({ ca: { cert: '/root/ca.pem', key: '/root/none.key' } }),
        host.resource('certificate:/etc/ssl/other.pem', {
          names: ['a.org'],
          ca: { cert: '/root/given.pem', key: '/root/ca.key' },
        }),
      ])
      expect(code).toBe(4)
      expect(report.resources.map(({ error }) => error?.message)).toEqual([
        expect.stringContaining('its key is not the key of its certificate'),
        expect.stringContaining('"/root/none.key" is not there'),
        expect.stringContaining('its key is not the one of its certificate'),
      ])
      expect(JSON.stringify(report)).not.toContain('PRIVATE KEY')
      expect(await output('ls /etc/ssl | grep -cE "wrong|www|other" || true')).toBe('0\n')
    })

    it('killed between key and certificate, the next run ends the same', async () => {
      await host.apply(www())
      host.prepareCatalog(www({ renewBefore: 89 }))
      for (const seconds of ['0.15', '0.2', '0.25', '0.3'])
        await host.run(shell(`timeout --signal=KILL ${seconds} ${host.applyCommand.join(' ')}`))
      await host.apply(www())
      expect(await host.apply(www())).toMatchObject({ code: 0 })
      expect(await output(isPair('/etc/ssl/www.crt', '/etc/ssl/www.key'))).toBe('pair\n')
    })
  })

  describe('notify', () => {
    it('says a message once, another one anew, and one for a refresh each time', async () => {
      const said = (message: string) => [host.resource('notify:hello', { message })]
      const first = await host.apply(said('one'))
      expect(first).toMatchObject({
        code: 2,
        report: { resources: [{ cause: 'intent', changes: [{ to: 'one' }] }] },
      })
      expect(await host.apply(said('one'))).toMatchObject({ code: 0, report: { status: 'in-sync' } })
      expect(await host.apply(said('two'))).toMatchObject({ code: 2 })
      const refreshed = (content: string) => [
        host.resource('file:/srv/told', { content }, { notify: ['notify:told'] }),
        host.resource('notify:told', { refreshOnly: true }, { require: ['file:/srv/told'] }),
      ]
      for (const content of ['a', 'b']) {
        const { report } = await host.apply(refreshed(content))
        expect(report.resources[1]).toMatchObject({
          id: 'notify:told',
          output: 'told',
          refreshed: ['file:/srv/told'],
        })
      }
      expect(await host.apply(refreshed('b'))).toMatchObject({ code: 0 })
      const always = [host.resource('notify:always', { always: true })]
      expect([(await host.apply(always)).code, (await host.apply(always)).code]).toEqual([2, 2])
    })
  })

  describe('reboot', () => {
    /** Until it has gone down, and another boot is up. */
    const boot = async () => {
      // nspawn ends at a reboot. A program of ours that is inside then would keep it from ending, so it is looked at from outside.
      await expect
        .poll(async () => (await lab.driver.status(host.machine))?.state, { timeout: 60_000 })
        .toBe('stopped')
      await lab.driver.start(host.machine)
    }

    const timer = () => output('systemctl list-timers --all --no-legend rekindle-reboot.timer | wc -l')
    const updates = (params: Record<string, unknown> = {}) => [
      host.resource('reboot:updates', { delay: 3600, ...params }),
    ]

    it('is armed once when the system asks for it, and taken back when it does not', async () => {
      expect(await host.apply(updates())).toMatchObject({ code: 0 })
      await output(
        'printf "linux-image\nlinux-image\n" > /run/reboot-required.pkgs; touch /run/reboot-required',
      )
      const pending = await host.apply(updates(), { noop: true })
      expect(pending.report.resources[0]).toMatchObject({
        outcome: 'pending',
        changes: [{ from: 'asked for by linux-image' }],
      })
      expect(await timer()).toBe('0\n')
      expect((await host.apply(updates())).report.resources[0]).toMatchObject({
        outcome: 'changed',
        cause: 'intent',
      })
      expect(await timer()).toBe('1\n')
      expect(await host.apply(updates())).toMatchObject({ code: 0 })
      await output('rm /run/reboot-required*')
      expect(await host.apply(updates())).toMatchObject({ code: 2 })
      expect(await timer()).toBe('0\n')
      expect(await host.apply(updates())).toMatchObject({ code: 0 })
    })

    it('outside of its schedule it waits, and says so', async () => {
      await output('touch /run/reboot-required')
      const hour = new Date().getUTCHours()
      const two = (number: number) => String(number % 24).padStart(2, '0')
      const schedule = { range: `${two(hour + 2)}:00-${two(hour + 3)}:00` }
      const waits = [host.resource('reboot:updates', { delay: 3600 }, { schedule })]
      const { report } = await host.apply(waits)
      expect(report.resources[0]).toMatchObject({ outcome: 'pending', withheld: expect.anything() })
      expect(await timer()).toBe('0\n')
      await output('rm /run/reboot-required')
    })

    it('reboots after what notifies it, after the run, and not a second time right after', async () => {
      const bootId = 'cat /proc/sys/kernel/random/boot_id'
      const before = await output(bootId)
      const resources = (content: string) => [
        host.resource('file:/srv/kernel', { content }, { notify: ['reboot:kernel'] }),
        host.resource('reboot:kernel', { when: 'refreshed', delay: 1 }, { require: ['file:/srv/kernel'] }),
      ]
      const { report } = await host.apply(resources('a'))
      expect(report.resources[1]).toMatchObject({ output: 'The host reboots in 1 seconds: kernel' })
      await boot()
      expect(await output(bootId)).not.toBe(before)
      const { code, report: second } = await host.apply(resources('b'))
      expect(code, JSON.stringify(second)).toBe(6)
      expect(second.resources[1]?.error?.message).toContain('refresh')
      expect(JSON.stringify(second.resources[1]?.error)).toContain('the host was rebooted 1 minutes ago')
      expect(await timer()).toBe('0\n')
    })
  })

  describe('firewall', () => {
    const confirm = (seconds: number) => ({ host: lab.address, port: repositoryPort, seconds })
    const dropAll = 'chain out {\n  type filter hook output priority 0; policy drop;\n}\n'
    const table = (params: Record<string, unknown>) => [host.resource('firewall:inet filter', params)]
    const armed = () => output('systemctl list-timers --all --no-legend "rekindle-firewall-*" | wc -l')

    const canFilter = async () =>
      (await host.run(['systemd-run', '--quiet', '--wait', 'nft', 'list', 'tables'])).code === 0

    it('what counters count and sets collect is no difference, and a lost note costs no change', async () => {
      const content = `set seen { type ipv4_addr; flags dynamic; }\nset blocked { type ipv4_addr; }\n${open}chain see { add @seen { ip saddr }; }\n`
      const resources = () => [host.resource('firewall:ip collecting', { content, ignoreSets: ['blocked'] })]
      expect(await host.apply(resources())).toMatchObject({ code: 2 })
      await output(
        'nft add element ip collecting seen { 192.0.2.1 }; nft add element ip collecting blocked { 192.0.2.2 }',
      )
      expect(await host.apply(resources())).toMatchObject({ code: 0, report: { status: 'in-sync' } })
      await output('rm -r /var/lib/rekindle/note')
      expect(await host.apply(resources())).toMatchObject({ code: 0, report: { status: 'in-sync' } })
      await output('nft delete table ip collecting')
    })

    it('what was written for the boot loads the same rules', async () => {
      await host.apply(table({ content: open }))
      await output('nft -f /etc/nftables.conf')
      expect(await host.apply(table({ content: open }))).toMatchObject({ code: 0 })
    })

    it('text that nft refuses, or that leaves its table, changes nothing (F13)', async () => {
      await host.apply(table({ content: open }))
      for (const content of ['chain x { nonsense }\n', '}\ntable ip evil {\n']) {
        const { code, report } = await host.apply(table({ content }))
        expect(code).toBe(4)
        expect(report.resources[0]?.error?.code).toMatch(/validate-failed|resource-unreadable/)
      }
      expect(await output('nft list tables')).not.toContain('evil')
      expect(await host.apply(table({ content: open }))).toMatchObject({ code: 0 })
    })

    it('rules that lock out are taken back, and the resource fails with the reason', async () => {
      const good = await host.apply(table({ content: open, confirm: confirm(10) }))
      expect(good.report.status, JSON.stringify(good.report)).not.toBe('failed')
      const { code, report } = await host.apply(table({ content: dropAll, confirm: confirm(1) }))
      expect(code).toBe(4)
      expect(report.resources[0]?.error?.message).toContain('could not be reached')
      expect(report.resources[0]?.error?.kept).toContain('the old rules')
      expect(await output('nft list table inet filter')).not.toContain('policy drop')
      expect(await output('cat /etc/nftables.d/*inet-filter.nft')).not.toContain('policy drop')
      expect(await armed()).toBe('0\n')
      expect(await host.apply(table({ content: open }))).toMatchObject({ code: 0 })
    })

    it('the timer takes them back when the agent is killed before they are confirmed', async () => {
      await host.apply(table({ content: open }))
      host.prepareCatalog(table({ content: dropAll, confirm: confirm(3) }))
      await output(
        `setsid ${host.applyCommand.join(' ')} > /root/killed 2>&1 & pid=$!
           until nft list table inet filter | grep -q "policy drop"; do kill -0 $pid || exit 1; done
           kill -9 -$pid`,
      )
      expect(await output('nft list table inet filter')).toContain('policy drop')
      expect(await armed()).toBe('1\n')
      const command = await output(
        'sed -n "s/^ExecStart=\\(.\\)/\\1/p" /run/systemd/transient/rekindle-firewall-*.service',
      )
      expect(command.trim()).toMatch(/nft" "-f" "\/run\/rekindle-firewall\/inet-filter.nft"$/)
      // nspawn gives its machines no CAP_NET_ADMIN, so there the timer's own command is run in its place.
      if (await canFilter())
        await output('until nft list table inet filter | grep -q accept; do sleep 0.2; done')
      else await output(command)
      expect(await output('nft -s list table inet filter | grep -c accept')).toBe('4\n')
      const after = await host.apply(table({ content: open, confirm: confirm(10) }))
      expect(after.report.status, JSON.stringify(after.report)).not.toBe('failed')
      expect(await host.apply(table({ content: open, confirm: confirm(10) }))).toMatchObject({ code: 0 })
    })
  })
})

/** Two versions of an application, and archives that nobody should unpack. */
function makeArchives(to: string): void {
  const dir = mkdtempSync(join(tmpdir(), 'rekindle-archive-'))
  const script = `
    mkdir -p app-1/bin app-2/bin a/b; echo one > app-1/bin/app; echo two > app-2/bin/app; chmod 4755 app-?/bin/app
    ln -s bin/app app-1/link
    tar -czf $0/app-1.tar.gz app-1; tar -cJf $0/app-1.tar.xz app-1
    tar -cjf $0/app-2.tar.bz2 app-2; tar -cf $0/app-2.tar app-2
    echo evil > escaped; (cd a && tar -cPf $0/parent.tar ../escaped)
    tar -cPf $0/absolute.tar --transform 's,^,/tmp/,' escaped
    ln -s /etc out; tar -cf $0/link.tar out
    ln -s / hole; tar -cf through.tar hole; rm hole; mkdir hole; cp escaped hole; tar -rf through.tar hole/escaped; cp through.tar $0`
  try {
    execFileSync('sh', ['-ec', script, to], { cwd: dir })
    writeFileSync(join(to, 'app-1.zip'), zip({ 'app-1/bin/app': 'one\n' }))
    writeFileSync(join(to, 'parent.zip'), zip({ '../escaped': 'evil\n' }))
  } finally {
    rmSync(dir, { recursive: true })
  }
}

/** Stored files only (APPNOTE.TXT 4.3): no zip program makes the names that are wanted here. */
function zip(files: Readonly<Record<string, string>>): Buffer {
  const locals: Buffer[] = []
  const central: Buffer[] = []
  for (const [name, text] of Object.entries(files)) {
    const about = Buffer.alloc(26)
    about.writeUInt16LE(20, 0)
    about.writeUInt32LE(crc32(text), 10)
    about.writeUInt32LE(text.length, 14)
    about.writeUInt32LE(text.length, 18)
    about.writeUInt16LE(name.length, 22)
    const rest = Buffer.alloc(14)
    rest.writeUInt32LE(0o100644 * 65536, 6)
    rest.writeUInt32LE(Buffer.concat(locals).length, 10)
    central.push(Buffer.from('504b01021403', 'hex'), about, rest, Buffer.from(name))
    locals.push(Buffer.from('504b0304', 'hex'), about, Buffer.from(name + text))
  }
  const count = Object.keys(files).length
  const end = Buffer.alloc(18)
  end.writeUInt16LE(count, 4)
  end.writeUInt16LE(count, 6)
  end.writeUInt32LE(Buffer.concat(central).length, 8)
  end.writeUInt32LE(Buffer.concat(locals).length, 12)
  return Buffer.concat([...locals, ...central, Buffer.from('504b0506', 'hex'), end])
}
