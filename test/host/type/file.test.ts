/** Files on a real host, beyond the cases of resource.test.ts: symbolic modes, trees, purge, many at once. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createLab, type Lab } from '../../lab/lab.ts'
import { canRunHosts } from '../../lab/prerequisites.ts'
import { type ConvergeCase, checkCase } from '../converge-case.ts'
import { bootHost, type OnHost } from '../on-host.ts'

const hosts = canRunHosts()

describe.skipIf(!hosts.ok)(`files${hosts.ok ? '' : `: skipped: ${hosts.reason}`}`, () => {
  let lab: Lab
  let host: OnHost
  beforeAll(async () => {
    lab = await createLab({ name: 'file', log: console.log })
    host = await bootHost(lab, 'file-1')
  })
  afterAll(() => lab.close())

  const file = (path: string, params: Record<string, unknown>) => host.resource(`file:${path}`, params)
  const shell = (command: string) => host.output(['sh', '-ec', command])
  const symbolic: ConvergeCase = {
    title: 'symbolic mode of a new file (F9)',
    resources: () => [file('/srv/symbolic', { content: 'x', mode: 'u=rwx,g=rx,o=' })],
    drift: ['chmod', '777', '/srv/symbolic'],
    shows: ['file:/srv/symbolic', 'mode'],
    look: ['stat', '-c', '%a', '/srv/symbolic'],
    seen: '750\n',
  }

  it('symbolic mode of a new file (F9): converges, holds, shows drift, is corrected', () =>
    checkCase(host, symbolic))

  it('owner and mode of everything below, a FIFO too (F31)', async () => {
    const resources = [
      file('/srv/tree', { ensure: 'directory', recurse: true, owner: 'daemon', mode: '0640' }),
    ]
    await shell(
      'mkdir -p /srv/tree/a; echo x > /srv/tree/a/b; chmod 777 /srv/tree/a/b; mkfifo /srv/tree/pipe',
    )
    expect((await host.apply(resources)).code).toBe(2)
    expect(await shell('cd /srv/tree; stat -c "%n %U %a" . a a/b pipe')).toBe(
      '. daemon 750\na daemon 750\na/b daemon 640\npipe daemon 640\n',
    )
    expect((await host.apply(resources)).code).toBe(0)
    await shell('chown root /srv/tree/pipe')
    const left = await host.apply(resources, { drift: 'report' })
    expect(left.report.resources).toMatchObject([
      {
        outcome: 'drifted',
        changes: [{ property: '/srv/tree/pipe', from: 'root:root 0640', to: 'daemon:root 0640' }],
      },
    ])
  })

  it('purge removes what is not declared, by name, and ignores what it is told to (F18, F19, F21)', async () => {
    await shell(`
      mkdir -p /srv/conf.d/sub /srv/conf.d/.git /srv/conf.d/kept
      cd /srv/conf.d; echo x > junk; echo x > sub/junk; echo x > .git/config; echo x > kept/own`)
    const resources = (force: boolean) => [
      file('/srv/conf.d', {
        ensure: 'directory',
        purge: true,
        ignore: ['.git'],
        force,
        declaredBelow: ['/srv/conf.d/mine', '/srv/conf.d/kept'],
      }),
      file('/srv/conf.d/mine', { content: 'mine\n' }),
      file('/srv/conf.d/kept', { ensure: 'directory' }),
    ]
    const planned = await host.apply(resources(false), { noop: true })
    const properties = planned.report.resources.find(({ id }) => id === 'file:/srv/conf.d')?.changes
    expect(properties?.map(({ property }) => property)).toEqual(['/srv/conf.d/junk', '/srv/conf.d/sub/junk'])
    expect((await host.apply(resources(false))).code).toBe(2)
    expect(await shell('cd /srv/conf.d; find . -mindepth 1 | sort')).toBe(
      './.git\n./.git/config\n./kept\n./kept/own\n./mine\n./sub\n',
    )
    expect((await host.apply(resources(false))).code).toBe(0)
    expect((await host.apply(resources(true))).code).toBe(2)
    expect(await shell('cd /srv/conf.d; ls -A')).toBe('.git\nkept\nmine\n')
    expect((await host.apply(resources(true))).code).toBe(0)
  })

  it('many files are written, one of them where it cannot be, and that one alone fails', async () => {
    await shell('mkdir -p /srv/many')
    const resources = Array.from({ length: 50 }, (_, at) => file(`/srv/many/${at}`, { content: `${at}\n` }))
    const { report } = await host.apply([...resources, file('/srv/no/such/dir', { content: 'x' })])
    expect(report.counts).toMatchObject({ changed: 50, failed: 1 })
    expect(report.resources.at(-1)).toMatchObject({ id: 'file:/srv/no/such/dir', outcome: 'failed' })
    expect(await shell('cat /srv/many/* | wc -l; ls -A /srv/many | grep -c rekindle || true')).toBe('50\n0\n')
  })

  it('inspect of a type that cannot be listed says so', async () => {
    const { code, stderr } = await host.run(['rekindle', 'inspect', 'no_such'])
    expect(code).toBe(1)
    expect(stderr).toContain('there is no such type')
  })
})
