/** The web server nginx: one main file, a file for each site, and each tried with all others before it is moved in. */
import { facts } from '../api/facts.ts'
import type { Container, Reference } from '../api/reference.ts'
import { file } from '../api/resource/file.ts'
import { pkg } from '../api/resource/package.ts'
import { service } from '../api/resource/service.ts'
import { type Checked, declareModule, type ModuleOptions, type Wrong } from './part/declare.ts'
import { renderMain, renderSite } from './part/nginx-text.ts'
import { repeated } from './part/repeated.ts'

export type NginxOptions = ModuleOptions<'module/nginx'>
type Nginx = Checked<'module/nginx'>
type Site = NonNullable<Nginx['sites']>[number]

const folder = '/etc/nginx'

/**
 * nginx with its sites.
 *
 * @example nginx({ sites: [{ name: 'www', names: ['www.example.org'], root: '/srv/www' }], purge: true })
 */
export function nginx(options: NginxOptions = {}): Container {
  return declareModule({ name: 'nginx', schema: 'module/nginx', options, wrong, declare: declareNginx })
}

function wrong({ sites = [] }: Nginx): readonly Wrong[] {
  return [
    ...repeated(sites.map(({ name }) => name)).map((name) => `two sites are named "${name}"`),
    ...sites.flatMap((site) => wrongSite(site).map((why) => `site "${site.name}": ${why}`)),
  ]
}

const answers = ['root', 'proxy', 'upstream', 'redirect'] as const

function wrongSite(site: Site): readonly string[] {
  const given = answers.filter((name) => site[name] !== undefined)
  if (site.content !== undefined)
    return Object.keys(site)
      .filter((name) => !['name', 'content'].includes(name))
      .map((name) => `"content" and "${name}" exclude each other`)
  if (given.length > 1) return [`"${given[0]}" and "${given[1]}" exclude each other`]
  const serves = given.length > 0 || site.locations !== undefined || site.settings !== undefined
  return [
    ...(serves
      ? []
      : [`it serves nothing: give ${answers.map((name) => `"${name}"`).join(', ')} or "locations"`]),
    ...(site.locations ?? []).flatMap(({ path, ...location }) => {
      const both = ['root', 'proxy', 'respond'].filter((name) => Object.hasOwn(location, name))
      return both.length > 1 ? [`location "${path}": "${both[0]}" and "${both[1]}" exclude each other`] : []
    }),
  ]
}

function declareNginx(options: Nginx): void {
  const { sites = [], purge = false } = options
  // Its own page would be served, and port 80 taken, until the sites are there.
  const server = pkg(options.package ?? 'nginx', { startServices: false })
  const user = facts.os.family === 'debian' ? 'www-data' : 'nginx'
  const main = put('nginx.conf', renderMain(options, user), server)
  const folders = ['conf.d', 'sites-enabled'].map((name) =>
    file(`${folder}/${name}`, { ensure: 'directory', mode: '0755', purge, require: main }),
  )
  const usual = file(`${folder}/sites-enabled/default`, { ensure: 'absent' })
  const files = sites.map((site) => put(`sites-enabled/${site.name}.conf`, renderSite(site), usual))
  service('nginx', {
    ensure: 'running',
    enable: true,
    onRefresh: 'reload',
    subscribe: [main, ...folders, usual, ...files],
  })
}

function put(path: string, content: string, after: Reference): Reference {
  return file(`${folder}/${path}`, {
    ...{ content, owner: 'root', group: 'root', mode: '0644' },
    validate: ['/bin/sh', '-c', tryOut, 'sh', '%', path],
    require: after,
  })
}

/** A site means something only together with the rest, so all of it is copied; includes of nginx.conf are relative. */
const tryOut = `set -e
tree=$(mktemp -d)
trap 'rm -rf "$tree"' EXIT
cp -a ${folder}/. "$tree"
mkdir -p "$(dirname "$tree/$2")"
cp "$1" "$tree/$2"
nginx -t -q -c "$tree/nginx.conf"`
