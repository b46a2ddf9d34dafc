/**
 * What a converge costs beside Puppet, CFEngine and Ansible on the same work, on one real host in one run: the first, one
 * with nothing to do, one after every tenth thing was broken. Whole processes; and the converge inside a running daemon.
 */
import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { performance } from 'node:perf_hooks'
import { build } from 'esbuild'
import { bootHost, type OnHost } from '../host/on-host.ts'
import { makePackages } from '../lab/apt-repository.ts'
import { createLab } from '../lab/lab.ts'
import { canRunHosts } from '../lab/prerequisites.ts'
import { type Bench, type Figure, figure } from './figure.ts'
import { ansible } from './peer/ansible.ts'
import { cfengine } from './peer/cfengine.ts'
import { puppet } from './peer/puppet.ts'
import { applyCommand, catalogPath, installCatalog } from './peer/rekindle.ts'
import {
  type Peer,
  packageNames,
  servicesOf,
  treeSize,
  treeSource,
  type Work,
  worksFor,
} from './peer/work.ts'

const names = ['files100', 'files1000', 'files5000', 'tree2000', 'packages100', 'services30', 'mixed150']
const kinds = ['first', 'noop', 'drift', 'daemon'] as const
const peerPackages = ['puppet', 'cfengine3', 'ansible-core', 'python3-apt']
const noopRounds = 3

/** Ansible takes 0.3 s an item of a loop: beyond a hundred that is all there is to see. */
const slow: Readonly<Record<string, readonly string[]>> = {
  [ansible.name]: ['files1000', 'files5000', 'tree2000'],
}

interface Tool {
  readonly name: string
  readonly corner: string
  install(work: Work): void
  command(work: Work): readonly string[]
}

interface Bed {
  readonly host: OnHost
  /** The machine's root, on this machine. */
  readonly root: string
}

interface Samples {
  readonly first: number[]
  readonly noop: number[]
  readonly drift: number[]
}

function toolOf(peer: Peer, root: string): Tool {
  return {
    name: peer.name,
    corner: peer.name.split(/[ -]/)[0] ?? peer.name,
    install(work) {
      for (const [path, text] of Object.entries(peer.policy(work))) put(root, path, text)
    },
    command: (work) => peer.command(Object.keys(peer.policy(work))[0] ?? ''),
  }
}

function rekindleOn(root: string): Tool {
  return {
    name: 'rekindle',
    corner: 'rekindle',
    install: (work) => installCatalog(work, root, join(root, treeSource)),
    command: applyCommand,
  }
}

function put(root: string, path: string, text: string): void {
  mkdirSync(dirname(join(root, path)), { recursive: true })
  writeFileSync(join(root, path), text)
}

async function withBed<T>(act: (bed: Bed) => Promise<T>): Promise<T> {
  const lab = await createLab({ name: 'peers', packages: peerPackages, log: console.log })
  try {
    await makePackages(
      lab.repositoryDir,
      packageNames.map((name) => ({ name, version: '1.0' })),
    )
    const host = await bootHost(lab, 'peers-1')
    const root = join(lab.settings.dir, 'peers-1', 'root')
    await host.output(['apt-get', 'install', '-y', '-qq', '--no-install-recommends', ...peerPackages])
    await host.output(['sh', '-c', cfengineModule])
    for (let at = 0; at < treeSize; at++) put(root, `${treeSource}/${at % 50}/file-${at}`, `file ${at}\n`)
    return await act({ host, root })
  } finally {
    await lab.close()
  }
}

/** What CFEngine's own policy does at its first run: the module for apt, and the Python that runs it. */
const cfengineModule = `
set -e
modules=/var/lib/cfengine3/modules/packages
mkdir -p $modules/vendored
cp /usr/share/cfengine3/masterfiles/modules/packages/vendored/apt_get.mustache $modules/apt_get
chmod 755 $modules/apt_get
ln -sf /usr/bin/python3 /usr/bin/cfengine-selected-python`

async function measure(bed: Bed, tool: Tool, work: Work): Promise<Samples> {
  const { host, root } = bed
  for (const { path } of work.files) mkdirSync(dirname(join(root, path)), { recursive: true })
  if (work.tree !== undefined) mkdirSync(dirname(join(root, work.tree.to)), { recursive: true })
  for (const name of work.services) put(root, `/etc/systemd/system/${name}.service`, unit)
  await host.output(['systemctl', 'daemon-reload'])
  tool.install(work)
  const once = async () => {
    const start = performance.now()
    await host.output(tool.command(work))
    return performance.now() - start
  }
  const first = [await once()]
  // A run that still changes something is none with nothing to do.
  await once()
  const noop: number[] = []
  for (let round = 0; round < noopRounds; round++) noop.push(await once())
  await breakSome(bed, work)
  return { first, noop, drift: [await once()] }
}

const unit = '[Service]\nExecStart=/bin/sleep infinity\n[Install]\nWantedBy=multi-user.target\n'
const everyTenth = <T>(list: readonly T[]) => list.filter((_, at) => at % 10 === 0)

async function breakSome({ host, root }: Bed, work: Work): Promise<void> {
  for (const { path } of everyTenth(work.files)) put(root, path, 'edited by hand\n')
  if (work.tree !== undefined)
    for (let at = 0; at < treeSize; at += 10) put(root, `${work.tree.to}/${at % 50}/file-${at}`, 'edited\n')
  const units = everyTenth(work.services)
  if (units.length > 0) await host.output(['systemctl', 'disable', '--now', '--quiet', ...units])
  const packages = everyTenth(work.packages)
  if (packages.length > 0) await host.output(['apt-get', 'remove', '-y', '-qq', ...packages])
}

/** As it was before the tool came; its files stay in its own corner. */
async function clean({ host }: Bed, corner: string): Promise<void> {
  const units = servicesOf(corner).join(' ')
  await host.run(['sh', '-c', `systemctl disable --now --quiet ${units}; apt-get purge -y -qq 'rk-bench-*'`])
}

async function daemonRuns({ host, root }: Bed, work: Work): Promise<readonly number[]> {
  const bundle = '/root/daemon-run.mjs'
  await build({
    entryPoints: [join(import.meta.dirname, 'peer', 'daemon-run.ts')],
    outfile: join(root, bundle),
    bundle: true,
    platform: 'node',
    mainFields: ['module', 'main'],
    format: 'esm',
    banner: {
      js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url)",
    },
    logLevel: 'error',
  })
  const printed = await host.output(['/usr/lib/rekindle/node', bundle, catalogPath(work)])
  return printed.trim().split('\n').map(Number)
}

async function compare(bed: Bed, name: string): Promise<readonly Figure[]> {
  const workFor = (corner: string) => {
    const work = worksFor(corner).find((one) => one.name === name)
    if (work === undefined) throw new Error(`there is no work "${name}"`)
    return work
  }
  const own = rekindleOn(bed.root)
  const ownWork = workFor(own.corner)
  const ours = await measure(bed, own, ownWork)
  const daemon = await daemonRuns(bed, ownWork)
  await clean(bed, own.corner)
  const figures: Figure[] = []
  for (const peer of [cfengine, puppet, ansible]) {
    if (slow[peer.name]?.includes(name) === true) continue
    const tool = toolOf(peer, bed.root)
    const theirs = await measure(bed, tool, workFor(tool.corner))
    await clean(bed, tool.corner)
    const beside = { unit: 'ms', reference: peer.name } as const
    for (const kind of ['first', 'noop', 'drift'] as const)
      figures.push(
        figure({
          ...beside,
          id: `agent.${kind}.${name}`,
          samples: ours[kind],
          referenceSamples: theirs[kind],
        }),
      )
    figures.push(
      figure({ ...beside, id: `agent.daemon.${name}`, samples: daemon, referenceSamples: theirs.noop }),
    )
  }
  return figures.toSorted(
    (a, b) => kinds.findIndex((kind) => a.id.includes(kind)) - kinds.findIndex((kind) => b.id.includes(kind)),
  )
}

export const peers: readonly Bench[] = names.map((name) => ({
  ids: kinds.map((kind) => `agent.${kind}.${name}`),
  about: `${name} beside Puppet, CFEngine and Ansible on a real host`,
  needs: () => {
    const can = canRunHosts()
    return can.ok ? undefined : can.reason
  },
  run: () => withBed((bed) => compare(bed, name)),
}))
