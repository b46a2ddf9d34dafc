/** A web server: nginx with one page, and a heartbeat of our own that runs as the deploy user. */
import { exec, facts, file, group, host, pkg, type Reference, role, service, template, user } from 'rekindle'
import { data } from '../data.ts'

export const web = role('web', () => {
  const deploy = deployAccount()
  const nginx = pkg('nginx-light')
  const { connections } = data.get('nginx')
  const conf = file('/etc/nginx/nginx.conf', {
    content: template('templates/nginx.conf.eta', { workers: facts.cpu.count, connections }),
    require: nginx,
    validate: 'nginx -t -c %',
  })
  service('nginx', { ensure: 'running', enable: true, subscribe: conf })
  page(nginx)
  releases(deploy)
  heartbeat(deploy)
})

function deployAccount(): Reference {
  group('deploy', { system: true })
  return user('deploy', { system: true, group: 'deploy', home: '/var/www', shell: '/usr/sbin/nologin' })
}

/** The package makes /var/www/html; the page in it belongs to those who deploy. */
function page(nginx: Reference) {
  const root = file('/var/www/html', {
    ensure: 'directory',
    owner: 'deploy',
    group: 'deploy',
    mode: '0755',
    require: nginx,
  })
  file(`${root}/index.html`, {
    content: template('templates/index.html.eta', { host: host.name, release: facts.os.codename }),
    owner: 'deploy',
    group: 'deploy',
  })
}

/** A folder that systemd-tmpfiles makes and keeps tidy; its rules are applied at once when they change. */
function releases(owner: Reference) {
  const path = '/etc/tmpfiles.d/releases.conf'
  const rules = file(path, { source: 'files/releases.conf' })
  exec('make the folder of releases', {
    command: ['systemd-tmpfiles', '--create', path],
    refreshOnly: true,
    subscribe: rules,
    require: owner,
  })
}

/** A service of the site's own: a script, its unit, and a reload of systemd when the unit changes. */
function heartbeat(runAs: Reference) {
  const script = file('/usr/local/bin/heartbeat', { source: 'files/heartbeat.sh', mode: '0755' })
  const unit = file('/etc/systemd/system/heartbeat.service', { source: 'files/heartbeat.service' })
  const reload = exec('reload systemd for heartbeat', {
    command: ['systemctl', 'daemon-reload'],
    refreshOnly: true,
    subscribe: unit,
  })
  service('heartbeat', {
    ensure: 'running',
    enable: true,
    require: [runAs, reload],
    subscribe: [script, unit],
  })
}
