/** The site of the demo: web servers that are replaced before the old one goes, and a database that cannot exist twice. */
import { pool, site } from 'rekindle'
import { data } from './data.ts'
import { db } from './roles/db.ts'
import { web } from './roles/web.ts'

const webPool = pool('web', {
  order: 'surge',
  drift: 'rebuild',
  // Short, to be watched; on real hosts leave it at its quarter of an hour.
  cooldownSeconds: 1,
  health: [{ port: 80, path: '/' }],
})

const dbPool = pool('db', {
  order: 'in-place',
  drift: 'rebuild',
  // There is one database host: while it is rebuilt, none is left.
  minHealthy: 0,
  cooldownSeconds: 1,
  health: [{ port: 6379 }],
})

export default site({
  data,
  hosts: [
    { match: 'web-*', role: web, pool: webPool },
    { match: 'db-*', role: db, pool: dbPool },
  ],
})
