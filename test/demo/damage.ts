/** What a person does to a host by hand, with ordinary commands. */

export type Damage = 'file' | 'service' | 'package'

interface Hurt {
  /** Resource that shows the drift. */
  readonly shows: string
  readonly command: readonly string[]
}

const edit = (path: string, line: string) => ['sh', '-c', 'echo "$1" >> "$0"', path, line]

const hurts: Record<string, Record<Damage, Hurt>> = {
  web: {
    file: {
      shows: 'file:/etc/nginx/nginx.conf',
      command: edit('/etc/nginx/nginx.conf', '# quick fix, will tell the others tomorrow'),
    },
    service: { shows: 'service:nginx', command: ['systemctl', 'stop', 'nginx'] },
    package: { shows: 'package:nginx-light', command: ['apt-get', 'remove', '-y', '-qq', 'nginx-light'] },
  },
  db: {
    file: { shows: 'file:/etc/redis/redis.conf', command: edit('/etc/redis/redis.conf', '# maxmemory 1gb') },
    service: { shows: 'service:redis-server', command: ['systemctl', 'stop', 'redis-server'] },
    package: { shows: 'package:redis-server', command: ['apt-get', 'remove', '-y', '-qq', 'redis-server'] },
  },
}

export const damages: readonly Damage[] = ['file', 'service', 'package']

export function isDamage(text: string): text is Damage {
  return damages.some((damage) => damage === text)
}

/** @throws Error for a host whose role the demo has no damage for. */
export function damageTo(host: string, damage: Damage): Hurt {
  const role = host.replace(/-\d+$/, '')
  const hurt = hurts[role]?.[damage]
  if (hurt === undefined)
    throw new Error(`Cannot break "${host}": the demo's hosts are web-1, web-2 and db-1`)
  return hurt
}
