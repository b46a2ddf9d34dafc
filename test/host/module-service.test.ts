/** Modules that serve: nginx, haproxy, postgresql, nodeApp. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { file } from '../../catalogs/api/resource/file.ts'
import { haproxy } from '../../catalogs/module/haproxy.ts'
import { nginx } from '../../catalogs/module/nginx.ts'
import { type NodeAppOptions, nodeApp } from '../../catalogs/module/node-app.ts'
import { type PostgresqlOptions, postgresql } from '../../catalogs/module/postgresql.ts'
import { createLab, type Lab } from '../lab/lab.ts'
import { canRunHosts } from '../lab/prerequisites.ts'
import { bootModuleHost, failuresOf, type ModuleHost } from './module-host.ts'

const hosts = canRunHosts()
describe.skipIf(!hosts.ok)(
  `serving modules on a real host${hosts.ok ? '' : `: skipped: ${hosts.reason}`}`,
  () => {
    let lab: Lab
    let host: ModuleHost
    beforeAll(async () => {
      lab = await createLab({ name: 'serve', log: console.log })
      host = await bootModuleHost(lab, 'serve-1', import.meta.dirname)
      await host.shell('DEBIAN_FRONTEND=noninteractive apt-get install -y -qq openssl')
      await host.shell(
        'openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 9 -subj /CN=shop -keyout /etc/shop.key -out /etc/shop.pem 2>&1',
      )
    })
    afterAll(() => lab.close())

    /** Status and body of a GET, as a client on the host gets it. */
    const get = async (url: string, headers: object = {}) => {
      const program = `const url = ${JSON.stringify(url)}
      const options = { rejectUnauthorized: false, headers: ${JSON.stringify(headers)} }
      require(url.split(':')[0]).get(url, options, async (answer) => {
        const text = (await answer.toArray()).join('').trim()
        console.log(answer.statusCode, answer.headers.location ?? text)
      })`
      return (await host.output(['/usr/lib/rekindle/node', '-e', program])).trim()
    }

    const page = (name: string) => {
      const folder = file(`/srv/${name}`, { ensure: 'directory' })
      return file(`${folder}/index.html`, { content: `${name}\n` })
    }
    const web = (more: object = {}) => {
      page('a')
      page('b')
      nginx({
        package: 'nginx-light',
        purge: true,
        sites: [
          { name: 'a', names: ['a.example.org'], listen: [8081], root: '/srv/a', default: true },
          {
            name: 'b',
            listen: ['127.0.0.1:8082'],
            root: '/srv/b',
            locations: [{ path: '= /ok', respond: '200 fine' }],
          },
          {
            name: 'shop',
            names: ['shop.example.org'],
            upstream: ['127.0.0.1:8082'],
            tls: { certificate: '/etc/shop.pem', key: '/etc/shop.key' },
          },
          { name: 'old', names: ['old.example.org'], redirect: 'https://new.example.org/', ...more },
        ],
      })
    }

    it('nginx', async () => {
      await host.check({
        declare: web,
        drift: 'echo "server { listen 8099; }" > /etc/nginx/sites-enabled/mine; nginx -s reload',
        shows: 'file:/etc/nginx/sites-enabled',
      })
      expect(await get('http://127.0.0.1:8081/')).toBe('200 a')
      expect(await get('http://127.0.0.1:8082/ok')).toBe('200 fine')
      expect(await get('https://127.0.0.1/', { host: 'shop.example.org' })).toBe('200 b')
      expect(await get('http://127.0.0.1/x', { host: 'shop.example.org' })).toBe(
        '301 https://shop.example.org/x',
      )
      expect(await get('http://127.0.0.1/x', { host: 'old.example.org' })).toBe(
        '301 https://new.example.org/x',
      )
      expect(await host.shell('ls /etc/nginx/sites-enabled')).toBe('a.conf\nb.conf\nold.conf\nshop.conf\n')
    })

    it('nginx: a site that does not go with the others is not moved in, and the old ones are served on', async () => {
      const main = await host.shell('systemctl show -P MainPID nginx')
      const broken = await host.converge(() =>
        web({ settings: { ssl_certificate: '/none.pem' }, listen: ['8443 ssl'] }),
      )
      expect(failuresOf(broken)).toMatchObject([
        { id: 'file:/etc/nginx/sites-enabled/old.conf', outcome: 'failed' },
        { id: 'service:nginx', outcome: 'skipped' },
      ])
      expect(await host.shell('nginx -t 2>&1')).toContain('successful')
      const changed = await host.converge(() => web({ maxBody: '9m' }))
      expect(failuresOf(changed)).toEqual([])
      expect(await host.shell('systemctl show -P MainPID nginx')).toBe(main)
      expect(await host.shell('ls -d /tmp/tmp.* 2> /dev/null || true')).toBe('')
    })

    const balancer = (port: number, more: object = {}) =>
      haproxy({
        frontends: [
          {
            name: 'web',
            bind: [`*:${port}`],
            backend: 'both',
            rules: [{ backend: 'b', when: '{ path /ok }' }],
            ...more,
          },
        ],
        backends: [
          {
            name: 'both',
            check: { path: '/' },
            servers: [
              { name: 'a', address: '127.0.0.1:8081' },
              { name: 'b', address: '127.0.0.1:8082' },
              { name: 'gone', address: '127.0.0.1:8098' },
            ],
          },
          { name: 'b', servers: [{ name: 'b', address: '127.0.0.1:8082' }] },
        ],
        stats: { port: 8404 },
      })

    it('haproxy', async () => {
      await host.check({
        declare: () => balancer(8000),
        drift: 'sed -i s/8081/8099/ /etc/haproxy/haproxy.cfg; systemctl stop haproxy',
        shows: 'file:/etc/haproxy/haproxy.cfg',
      })
      // The checks take the one that is gone out.
      await expect
        .poll(() => get('http://127.0.0.1:8404/metrics'), { timeout: 20_000 })
        .toMatch(/haproxy_server_status\{proxy="both",server="gone",state="DOWN"\} 1/)
      const answers = await Promise.all([1, 2, 3, 4].map(() => get('http://127.0.0.1:8000/')))
      expect(answers.toSorted()).toEqual(['200 a', '200 a', '200 b', '200 b'])
      expect(await get('http://127.0.0.1:8000/ok')).toBe('200 fine')
    })

    it('haproxy: what it does not understand is not moved in; a change is a reload', async () => {
      const main = await host.shell('systemctl show -P MainPID haproxy')
      const broken = await host.converge(() => balancer(8000, { settings: ['nonsense on'] }))
      expect(failuresOf(broken)).toMatchObject([
        { id: 'file:/etc/haproxy/haproxy.cfg', outcome: 'failed' },
        { id: 'service:haproxy', outcome: 'skipped' },
      ])
      expect(failuresOf(await host.converge(() => balancer(8001)))).toEqual([])
      expect(await get('http://127.0.0.1:8001/ok')).toBe('200 fine')
      expect(await host.shell('systemctl show -P MainPID haproxy')).toBe(main)
    })

    const database = (more: PostgresqlOptions = {}) =>
      postgresql({
        settings: { fsync: false, max_connections: 40, log_connections: true, application_name: "it's" },
        roles: {
          shop: { password: 'pa$$ `word` \'"', memberOf: ['staff'] },
          staff: { login: false },
          report: { password: 'other' },
          old: { ensure: 'absent' },
        },
        databases: { shop: { owner: 'shop', extensions: ['plpgsql'], connect: ['staff'] } },
        ...more,
      })
    const query = (role: string, password: string, sql: string) =>
      host.run([
        'env',
        `PGPASSWORD=${password}`,
        'psql',
        '-hlocalhost',
        `-U${role}`,
        '-qAtX',
        '-c',
        sql,
        'shop',
      ])
    const asAdmin = (sql: string) => host.output(['su', 'postgres', '-c', `cd /; psql -qAtX -c "${sql}"`])

    it('postgresql', async () => {
      await host.check({
        declare: () => {
          database()
        },
        drift: `cd /; su postgres -c "psql -qc 'ALTER ROLE shop SUPERUSER'"; su postgres -c "psql -qc 'GRANT CONNECT ON DATABASE shop TO report'"`,
        shows: 'exec:PostgreSQL role shop',
      })
      const shop = (sql: string) => query('shop', 'pa$$ `word` \'"', sql)
      expect(await shop('CREATE TABLE goods (name text); SELECT current_user')).toMatchObject({
        code: 0,
        stdout: 'shop\n',
      })
      expect(await query('shop', 'wrong', 'SELECT 1')).toMatchObject({ code: 2 })
      expect((await query('report', 'other', 'SELECT 1')).stderr).toContain(
        'permission denied for database "shop"',
      )
      expect(await asAdmin('SHOW max_connections')).toBe('40\n')
      expect(await asAdmin("SELECT rolsuper FROM pg_roles WHERE rolname = 'shop'")).toBe('f\n')
    })

    it('postgresql: a change is a reload, a restart where it has to be, and what is wrong is not moved in', async () => {
      const started = () => asAdmin('SELECT pg_postmaster_start_time()')
      const before = await started()
      const settings = { max_connections: 40, log_connections: false }
      expect(failuresOf(await host.converge(() => database({ settings })))).toEqual([])
      expect([await asAdmin('SHOW log_connections'), await started()]).toEqual(['off\n', before])

      const waiting = await host.converge(() =>
        database({ settings: { max_connections: 30 }, restart: false }),
      )
      expect(failuresOf(waiting)).toEqual([])
      expect([await asAdmin('SHOW max_connections'), await started()]).toEqual(['40\n', before])
      expect(failuresOf(await host.converge(() => database({ settings: { max_connections: 30 } })))).toEqual(
        [],
      )
      expect(await asAdmin('SHOW max_connections')).toBe('30\n')
      expect(await started()).not.toBe(before)

      const broken = await host.converge(() => database({ settings: { max_connections: 'many' } }))
      expect(failuresOf(broken)[0]).toMatchObject({
        id: 'file:/etc/postgresql/15/main/conf.d/90-rekindle.conf',
        error: { code: 'validate-failed' },
      })
    })

    it('postgresql: neither password nor verifier is seen in a report, and what is absent goes', async () => {
      await asAdmin('CREATE ROLE old')
      const changed = await host.converge(() =>
        database({
          roles: { shop: { password: 'new' }, old: { ensure: 'absent' } },
          databases: { shop: { ensure: 'absent' } },
        }),
      )
      expect(failuresOf(changed)).toEqual([])
      expect(JSON.stringify(changed.report)).not.toMatch(/SCRAM|VERIFIER/)
      expect(await asAdmin("SELECT count(*) FROM pg_roles WHERE rolname = 'old'")).toBe('0\n')
      expect(await asAdmin("SELECT count(*) FROM pg_database WHERE datname = 'shop'")).toBe('0\n')
    })

    const app = (more: Partial<NodeAppOptions> = {}) =>
      nodeApp({
        name: 'shop',
        files: 'module-app',
        start: 'server.js',
        node: '/usr/lib/rekindle/node',
        package: false,
        port: 80,
        health: '/healthz',
        healthSeconds: 5,
        environment: { GREETING: 'a "b" $HOME `c` \\' },
        memory: '256M',
        ...more,
      })

    it('nodeApp: runs as nobody who could do harm, and is restarted when anything of it changed', async () => {
      await host.shell('systemctl stop nginx')
      await host.check({
        declare: () => {
          app()
        },
        drift:
          'echo "process.exit(1)" > /srv/shop/server.js; echo A=1 >> /etc/shop.env; systemctl restart shop',
        shows: 'file:/srv/shop/server.js',
      })
      expect(await get('http://127.0.0.1/greeting')).toBe('200 a "b" $HOME `c` \\')
      const harm = JSON.parse((await get('http://127.0.0.1/harm')).slice('200 '.length))
      expect(harm).toEqual({
        uid: Number(await host.shell('id -u shop')),
        '/srv/shop/x': 'EROFS',
        '/var/lib/shop/x': 'written',
        '/etc/shop.env': 'EACCES',
        '/root': 'EACCES',
      })
      const main = await host.shell('systemctl show -P MainPID shop')
      expect(failuresOf(await host.converge(() => app({ environment: { GREETING: 'new' } })))).toEqual([])
      expect(await get('http://127.0.0.1/greeting')).toBe('200 new')
      expect(await host.shell('systemctl show -P MainPID shop')).not.toBe(main)
    })

    it('nodeApp: one that does not answer fails the run', async () => {
      const { report } = await host.converge(() => app({ health: '/none', healthSeconds: 1, memory: '300M' }))
      const failed = report.resources.find(({ id }) => id === 'exec:health of shop')
      expect(failed).toMatchObject({ outcome: 'failed' })
      expect(JSON.stringify(failed)).toContain('http://127.0.0.1:80/none answers 404')
    })

    it('nodeApp: from git, with what it needs installed when the code changed', async () => {
      await host.shell(`DEBIAN_FRONTEND=noninteractive apt-get install -y -qq git
      git init -q -b main /root/shop && cd /root/shop && cp /srv/shop/server.js . && git add . &&
      git -c user.name=a -c user.email=a@b commit -qm one && git clone -q --bare /root/shop /srv/shop.git`)
      const checkedOut = () =>
        nodeApp({
          name: 'again',
          git: { url: 'file:///srv/shop.git', revision: 'main', track: true },
          install: ['/bin/sh', '-c', 'id -un >> installed'],
          start: 'server.js',
          node: '/usr/lib/rekindle/node',
          package: false,
          port: 8090,
          health: '/healthz',
        })
      await host.shell('git config --system safe.directory "*"')
      expect(failuresOf(await host.converge(checkedOut))).toEqual([])
      expect(await get('http://127.0.0.1:8090/healthz')).toBe('200 fine')
      expect((await host.converge(checkedOut)).code).toBe(0)
      await host.shell(`cd /root/shop && echo "// two" >> server.js &&
      git -c user.name=a -c user.email=a@b commit -qam two && git push -q /srv/shop.git main`)
      expect(failuresOf(await host.converge(checkedOut))).toEqual([])
      expect(await host.shell('cat /srv/again/installed')).toBe('again\nagain\n')
    })
  },
)
