/** What is delivered to a host and how it is reached: archives, checkouts, packet filters, certificates, messages, reboots. */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, it } from 'vitest'
import { sha256 } from '../../../schemas/hash.ts'
import { createLab, type Lab } from '../../lab/lab.ts'
import { canRunHosts } from '../../lab/prerequisites.ts'
import { type ConvergeCase, checkCase } from '../converge-case.ts'
import { bootHost, type OnHost } from '../on-host.ts'
import { archiveTests } from './delivery/archive.ts'
import { makeArchives } from './delivery/archives.ts'
import { certificateTests } from './delivery/certificate.ts'
import { type Delivery, isPair, openRules, repositoryPort, shell } from './delivery/delivery.ts'
import { firewallTests } from './delivery/firewall.ts'
import { gitCheckoutTests } from './delivery/git-checkout.ts'
import { notifyTests } from './delivery/notify.ts'
import { rebootTests } from './delivery/reboot.ts'

const hosts = canRunHosts()
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

  let pair: { certificate: string; key: string }

  const on: Delivery = {
    get lab() {
      return lab
    },
    get host() {
      return host
    },
    get pair() {
      return pair
    },
    output: (script) => host.output(shell(script)),
    hosted,
    hashes,
  }

  const cases: readonly ConvergeCase[] = [
    {
      title: 'firewall: a rule added by hand',
      resources: () => [host.resource('firewall:inet filter', { content: openRules })],
      drift: ['nft', 'add', 'rule', 'inet', 'filter', 'input', 'tcp', 'dport', '23', 'accept'],
      shows: ['firewall:inet filter', 'rules'],
      look: shell('nft -s list table inet filter | grep dport; grep -c include /etc/nftables.conf'),
      seen: '\t\ttcp dport { 22, 443 } counter accept\n1\n',
    },
    {
      title: 'firewall: flushed by hand',
      resources: () => [host.resource('firewall:inet filter', { content: openRules })],
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
  archiveTests(on)
  gitCheckoutTests(on)
  certificateTests(on)
  notifyTests(on)
  rebootTests(on)
  firewallTests(on)
})
