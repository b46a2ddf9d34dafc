/**
 * Packages of apt, from its repository and from files, and of gem, which of the other managers starts fastest; keys, pins
 * and sources of apt.
 */
import fc from 'fast-check'
import { bookworm } from '../../../schemas/testing.ts'
import { absent, at, type Family, two } from './family.ts'

const version = fc.constantFrom('1.0', '1.1')

/** In the repository of the lab. */
export const madePackages = ['rk-kill-1', 'rk-kill-2', 'rk-file'].flatMap((name) =>
  ['1.0', '1.1'].map((one) => ({ name, version: one })),
)

const gems = `
mkdir -p /root/gems
for version in 1.0 1.1; do
  printf 'Gem::Specification.new do |s|\\n s.name = "rk-gem"; s.version = "%s"; s.summary = "x"; s.authors = ["x"]; s.files = []\\nend\\n' $version > /tmp/rk.gemspec
  gem build --quiet --output=/root/gems/rk-gem-$version.gem /tmp/rk.gemspec
done`

const gem = { provider: 'gem', name: 'rk-gem', installOptions: ['--local'] }

export const packageFamily: Family = {
  packages: ['ruby'],
  prepare: `
mkdir -p /srv/debs; cd /srv/debs; apt-get download -qq rk-file=1.0 rk-file=1.1
for at in ${two.join(' ')}; do mkdir -p /srv/rk-source-$at; : > /srv/rk-source-$at/Packages; done
${gems}`,
  look: `
dpkg-query -W -f '\${Package} \${Version} \${db:Status-Abbrev}\\n' 'rk-*' | grep '^[^ ]* [0-9]'
ls /var/lib/gems/*/{gems,specifications}
for folder in preferences.d keyrings sources.list.d; do show /etc/apt/$folder; done; ls /var/lib/apt/lists | grep rk; ls /run | grep rekindle-apt`,
  choices: () => [
    fc.record({ at, version }).map(({ at: one, ...params }) => ({ id: `package:rk-kill-${one}`, params })),
    at.map((one) => ({ id: `package:rk-kill-${one}`, params: { ensure: 'purged' } })),
    version.map((one) => ({
      id: 'package:rk-file',
      params: { version: one, source: `/srv/debs/rk-file_${one}_all.deb` },
    })),
    fc.constant({ id: 'package:rk-file', params: { ensure: 'purged' } }),
    version.map((one) => ({
      id: 'package:rk-gem',
      params: { ...gem, version: one, source: `/root/gems/rk-gem-${one}.gem` },
    })),
    fc.constant({ id: 'package:rk-gem', params: { ...gem, ensure: 'absent' } }),
    fc.record({ at, priority: fc.constantFrom(100, 200, 300) }).map(({ at: one, priority }) => ({
      id: `apt_pin:rk-${one}`,
      params: { packages: [`rk-none-${one}`], pin: 'version 1.*', priority },
    })),
    absent((one) => `apt_pin:rk-${one}`),
    at.map((one) => ({ id: `apt_key:rk-${one}`, params: { content: bookworm } })),
    absent((one) => `apt_key:rk-${one}`),
    fc.record({ at, enabled: fc.boolean() }).map(({ at: one, enabled }) => ({
      id: `apt_source:rk-${one}`,
      params: { uris: `file:/srv/rk-source-${one}/`, suites: './', trusted: true, enabled },
    })),
    absent((one) => `apt_source:rk-${one}`),
  ],
}
