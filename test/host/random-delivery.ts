/**
 * Random drafts of what is delivered to a host and guards it: archives, checkouts, certificates, packet filters, locales,
 * privileges. Left out of all drafts: what a container may not change (hostname, timezone, kernel modules, swap), what ends
 * the run's host (reboot), and the package managers besides apt, a call of which takes longer than a whole run.
 */
import { execFileSync } from 'node:child_process'
import fc from 'fast-check'
import type { Choice } from './random-catalog.ts'

const two = [1, 2]
const at = fc.constantFrom(...two)
const ensure = fc.constantFrom('present', 'absent')

const packed = (text: string): Buffer => {
  const script =
    'cd "$(mktemp -d)"; mkdir -p app/bin; echo "$0" > app/bin/app; ln -s bin/app app/link; tar -cz app; rm -r "$PWD"'
  return execFileSync('sh', ['-ec', script, text])
}
const archives = ['one', 'two'].map(packed)

/** Makes what the drafts take from the host: a repository with two commits, an authority, a package file. */
export const deliverySetup = `
set -e
apt-get install -y -qq git openssl nftables sudo locales >/dev/null 2>&1
git config --global user.email a@example.org; git config --global user.name A
export GIT_AUTHOR_DATE='@0 +0000' GIT_COMMITTER_DATE='@0 +0000'
git init -q -b main /srv/rk-work; cd /srv/rk-work
echo one > file; git add .; git commit -qm one; git tag v1; echo two > file; git commit -qam two; git tag v2
git clone -q --bare /srv/rk-work /srv/rk-remote.git
cd /root; openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 900 -subj /CN=rk -keyout rk-ca.key -out rk-ca.pem 2>/dev/null
apt-get download -qq rk-local-1 rk-local-2`

export const deliveryPackages = two.map((one) => ({ name: `rk-local-${one}`, version: '1.0' }))

/** Keys are random, so of certificates only what they say is looked at, and whether the key is theirs. */
export const deliverySnapshot = `
for at in ${two.join(' ')}; do
  cd /srv; find rk-app-$at rk-site-$at -not -path '*/.git/*' -printf '%P %y %m %u %l\\n' 2>/dev/null | sort
  cat rk-app-$at/bin/app rk-site-$at/file 2>/dev/null; git -C rk-site-$at rev-parse HEAD 2>/dev/null; git -C rk-site-$at status --porcelain 2>/dev/null
  cert=/etc/ssl/rk-$at.crt; stat -c '%n %a %U' $cert /etc/ssl/rk-$at.key 2>/dev/null
  if [ -e $cert ]; then
    openssl x509 -in $cert -noout -subject -ext subjectAltName
    [ "$(openssl x509 -in $cert -noout -pubkey)" = "$(openssl pkey -in /etc/ssl/rk-$at.key -pubout)" ] && echo pair
  fi
  nft list table ip rk_$at 2>/dev/null
done
dpkg-query -W -f '\${Package} \${Version} \${db:Status-Abbrev}\\n' 'rk-local-*' 2>/dev/null | grep '^[^ ]* [0-9]'
ls /etc/nftables.d 2>/dev/null; locale -a; grep -v '^#' /etc/locale.gen; find /srv -maxdepth 1 -name '.*rekindle*'
find /etc/sudoers.d /etc/sysusers.d -name '*rk-*' -type f | sort | xargs -r sha256sum; grep '^rkd' /etc/passwd | cut -d: -f1,3,5,6`

const port = fc.constantFrom(22, 80, 443)

export const deliveries: readonly fc.Arbitrary<Choice>[] = [
  fc.record({ at, content: fc.constantFrom(...archives) }).map(({ at: one, content }) => ({
    id: `archive:/srv/rk-app-${one}`,
    params: { content, strip: 1 },
  })),
  at.map((one) => ({ id: `archive:/srv/rk-app-${one}`, params: { ensure: 'absent', force: true } })),
  fc.record({ at, revision: fc.constantFrom('v1', 'v2', 'main') }).map(({ at: one, revision }) => ({
    id: `git_checkout:/srv/rk-site-${one}`,
    params: { url: '/srv/rk-remote.git', revision },
  })),
  at.map((one) => ({ id: `git_checkout:/srv/rk-site-${one}`, params: { ensure: 'absent', force: true } })),
  fc.record({ at, name: fc.constantFrom('a', 'b'), isSelfSigned: fc.boolean() }).map((drawn) => ({
    id: `certificate:/etc/ssl/rk-${drawn.at}.crt`,
    params: {
      names: [`${drawn.name}.example.org`],
      ...(drawn.isSelfSigned
        ? { selfSigned: true }
        : { ca: { cert: '/root/rk-ca.pem', key: '/root/rk-ca.key' } }),
    },
  })),
  at.map((one) => ({ id: `certificate:/etc/ssl/rk-${one}.crt`, params: { ensure: 'absent' } })),
  fc.record({ at, port }).map(({ at: one, port: open }) => ({
    id: `firewall:ip rk_${one}`,
    params: {
      content: `chain in {\n  type filter hook input priority 0; policy accept;\n  tcp dport ${open} accept\n}\n`,
    },
  })),
  at.map((one) => ({ id: `firewall:ip rk_${one}`, params: { ensure: 'absent' } })),
  fc.record({ language: fc.constantFrom('de_DE', 'fr_FR'), ensure }).map(({ language, ...params }) => ({
    id: `locale:${language}.UTF-8`,
    params,
  })),
  at.map((one) => ({
    id: `package:rk-local-${one}`,
    params: { source: `/root/rk-local-${one}_1.0_all.deb` },
  })),
  at.map((one) => ({ id: `package:rk-local-${one}`, params: { ensure: 'purged' } })),
  fc.record({ at, noPassword: fc.boolean() }).map(({ at: one, noPassword }) => ({
    id: `sudoers:rk-${one}`,
    params: { rules: [{ user: 'games', commands: ['/bin/true'], noPassword }] },
  })),
  at.map((one) => ({ id: `sudoers:rk-${one}`, params: { ensure: 'absent' } })),
  at.map((one) => ({
    id: `sysusers:rk-${one}`,
    params: { entries: [`u rkd${one} 46${one} "A daemon" /var/lib/rkd${one}`] },
  })),
  at.map((one) => ({ id: `sysusers:rk-${one}`, params: { ensure: 'absent' } })),
]
