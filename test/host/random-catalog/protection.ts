/** Packet filters, and certificates with their keys. */
import fc from 'fast-check'
import { issue } from '../../../agent/resource/certificate/issue.ts'
import { absent, at, type Family, type Fixtures, two } from './family.ts'

export function makePairs(): Promise<Fixtures['pairs']> {
  const wish = { keyType: 'ec-p256', validDays: 90, now: Date.now(), authority: undefined } as const
  return Promise.all(two.map((one) => issue({ ...wish, names: [`given-${one}.example.org`] })))
}

const authority = `
mkdir -p /srv/rk-tls
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 900 -subj /CN=rk-authority \\
  -keyout /root/rk-ca.key -out /root/rk-ca.pem 2> /dev/null`

/** Keys differ from host to host: what counts is what they are for, and that they belong together. */
const lookAtCertificates = `
cd /srv/rk-tls || exit; find . -printf '%P %y %m %u %g\\n' | sort
for name in *.pem; do
  openssl x509 -noout -subject -issuer -ext subjectAltName -in $name
  cmp <(openssl x509 -noout -pubkey -in $name) <(openssl pkey -pubout -in \${name%.pem}.key) && echo a pair
  openssl verify -CAfile /root/rk-ca.pem $name; cmp \${name%.pem}.chain /root/rk-ca.pem && echo of our authority
  cmp \${name%.pem}.full <(cat $name \${name%.pem}.chain) && echo whole
done`

const lookAtFilters = `
for at in ${two.join(' ')}; do nft -s list table inet rk_$at; done; show /etc/nftables.d; cat /etc/nftables.conf
ls -A /run/rekindle-firewall; systemctl list-units --all --no-legend 'rekindle-firewall-*'`

const chain = (port: number) =>
  `set mine { type ipv4_addr; elements = { 192.0.2.${port} }; }
chain input {
  type filter hook input priority 0; policy accept;
  ip saddr @mine tcp dport ${port} counter drop
}
`

export const protectionFamily: Family = {
  packages: ['nftables', 'openssl'],
  prepare: authority,
  look: `${lookAtFilters}\n${lookAtCertificates}`,
  choices: ({ pairs }) => [
    fc
      .record({
        ...{ at, port: fc.constantFrom(11, 12, 13), persist: fc.boolean() },
        confirm: fc.constantFrom(false, { host: 'rekindle-server', port: 8181, seconds: 5 }),
      })
      .map(({ at: one, port, ...params }) => ({
        id: `firewall:inet rk_${one}`,
        params: { ...params, content: chain(port) },
      })),
    absent((one) => `firewall:inet rk_${one}`),
    fc
      .record({
        ...{ at, names: fc.constantFrom(['a.example.org'], ['b.example.org', '192.0.2.7']) },
        by: fc.constantFrom(
          { selfSigned: true },
          { ca: { cert: '/root/rk-ca.pem', key: '/root/rk-ca.key' } },
        ),
      })
      .map(({ at: one, names, by }) => ({
        id: `certificate:/srv/rk-tls/${one}.pem`,
        params: { names, ...by, ...chainsOf(one) },
      })),
    fc.record({ at, pair: fc.constantFrom(...pairs) }).map(({ at: one, pair }) => ({
      id: `certificate:/srv/rk-tls/${one}.pem`,
      params: { content: pair.certificate, key: pair.key, group: 'games', keyMode: '0640', ...chainsOf(one) },
    })),
    absent((one) => `certificate:/srv/rk-tls/${one}.pem`).map(({ params, ...choice }) => ({
      ...choice,
      params: { ...params, ...chainsOf(Number(choice.id.at(-5))) },
    })),
  ],
}

function chainsOf(one: number) {
  return { chain: `/srv/rk-tls/${one}.chain`, fullchain: `/srv/rk-tls/${one}.full` }
}
