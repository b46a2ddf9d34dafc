/** A web server: the package, its configuration, and the service, which restarts when the configuration changed. */
import { facts, file, host, pkg, role, service, template } from 'rekindle'
import { declareBase } from './base.ts'

export const web = role('web', () => {
  declareBase()
  const nginx = pkg('nginx')
  const conf = file('/etc/nginx/conf.d/site.conf', {
    content: template('templates/site.conf.eta', { name: host.name, connections: facts.cpu.count * 100 }),
    mode: '0644',
    require: nginx,
  })
  service('nginx', { ensure: 'running', enable: true, subscribe: conf })
})
