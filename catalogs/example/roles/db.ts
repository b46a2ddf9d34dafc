/** A database host: Redis, with its share of the machine's memory, and a snapshot of it each night. */
import { facts, file, pkg, role, service, template } from 'rekindle'
import { data } from '../data.ts'

export const db = role('db', () => {
  const redis = pkg('redis-server')
  const maxMemoryMiB = Math.floor(facts.memory.totalMiB * data.get('redis').memoryShare)
  const conf = file('/etc/redis/redis.conf', {
    content: template('templates/redis.conf.eta', { maxMemoryMiB }),
    owner: 'redis',
    group: 'redis',
    mode: '0640',
    require: redis,
  })
  service('redis-server', { ensure: 'running', enable: true, subscribe: conf })
  nightlySnapshot()
})

function nightlySnapshot() {
  const cron = pkg('cron')
  file('/etc/cron.d/redis-snapshot', {
    content: '15 3 * * * redis redis-cli BGSAVE\n',
    mode: '0644',
    require: cron,
  })
  service('cron', { ensure: 'running', enable: true, require: cron })
}
