/**
 * The base image that machines start from, in two layers, so that a new agent does not cost a new Debian:
 *
 *   <cache>/base-<key>/    Debian by mmdebstrap, named by what went into it (20 to 30 s, once)
 *   <cache>/agent-<key>/   what installing the agent's package over it changed (seconds)
 *
 * A layer is made beside its name and renamed when it is whole, so one that has its name is complete.
 */
import { copyFileSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { hashOf, sha256 } from '../../../schemas/hash.ts'
import { run } from './run.ts'

export interface ImageRequest {
  /** Folder of the layers; on a file system that overlayfs can use. */
  readonly cacheDir: string
  /** The agent's .deb; absent: the base layer alone. */
  readonly agentPackage?: string
  /** Lines of the machines' sources.list, such as `deb [trusted=yes] http://198.18.77.1:8181/ ./`. */
  readonly aptSource?: string
  readonly log: (line: string) => void
}

const suite = 'bookworm'

/** What the agent's runtime needs is here too, so that the agent's package installs without a network. */
const packages = [
  'systemd',
  'systemd-sysv',
  'dbus',
  'ca-certificates',
  'iproute2',
  'procps',
  'libatomic1',
  'libstdc++6',
]

/** Timers that would change a machine by themselves, and services that a container has no use for. */
const masked = [
  'apt-daily.timer',
  'apt-daily-upgrade.timer',
  'dpkg-db-backup.timer',
  'e2scrub_all.timer',
  'fstrim.timer',
  'systemd-timesyncd.service',
]

/** Gives the image as the driver's settings take it: layers joined by colons, the topmost first. */
export async function buildImage(request: ImageRequest): Promise<string> {
  const base = await buildBase(request)
  if (request.agentPackage === undefined) return base
  return `${await buildAgentLayer(request, base, request.agentPackage)}:${base}`
}

async function buildBase({ cacheDir, log }: ImageRequest): Promise<string> {
  const place = join(cacheDir, `base-${hashOf({ suite, packages, masked, layout: 2 }).slice(0, 12)}`)
  if (existsSync(place)) return place
  log(`building the Debian ${suite} base image with mmdebstrap (once, about half a minute)`)
  const tree = `${place}.new`
  rmSync(tree, { recursive: true, force: true })
  mkdirSync(dirname(place), { recursive: true })
  await run(
    [
      'mmdebstrap',
      '--quiet',
      '--mode=root',
      '--variant=minbase',
      `--include=${packages.join(',')}`,
      suite,
      tree,
    ],
    { timeoutMs: 15 * 60_000 },
  )
  for (const unit of masked) await run(['systemctl', `--root=${tree}`, '--quiet', 'mask', unit])
  // mmdebstrap copies these from the machine that it runs on.
  for (const own of ['hostname', 'resolv.conf']) rmSync(join(tree, 'etc', own), { force: true })
  renameSync(tree, place)
  return place
}

async function buildAgentLayer(request: ImageRequest, base: string, agentPackage: string): Promise<string> {
  const { cacheDir, aptSource = '', log } = request
  const key = sha256(`${sha256(readFileSync(agentPackage))} ${aptSource} ${basename(base)}`).slice(0, 12)
  const place = join(cacheDir, `agent-${key}`)
  if (existsSync(place)) return place
  log(`installing ${basename(agentPackage)} into the image`)
  const scratch = `${place}.new`
  rmSync(scratch, { recursive: true, force: true })
  await withOverlay({ lower: base, scratch }, async (root) => {
    copyFileSync(agentPackage, join(root, 'tmp', 'agent.deb'))
    await run(['chroot', root, 'dpkg', '--install', '/tmp/agent.deb'], { timeoutMs: 5 * 60_000 })
    rmSync(join(root, 'tmp', 'agent.deb'))
    for (const name of ['sources.list', 'sources.list.d'])
      rmSync(join(root, 'etc/apt', name), { recursive: true, force: true })
    mkdirSync(join(root, 'etc/apt/sources.list.d'))
    writeFileSync(join(root, 'etc/apt/sources.list'), aptSource === '' ? '' : `${aptSource}\n`)
    rmSync(join(root, 'var/lib/apt/lists'), { recursive: true, force: true })
  })
  renameSync(join(scratch, 'up'), place)
  rmSync(scratch, { recursive: true, force: true })
  return place
}

/** Mounts an overlay over `lower` in `<scratch>/root`; what changed is in `<scratch>/up` afterwards. */
export async function withOverlay(
  { lower, scratch }: { readonly lower: string; readonly scratch: string },
  act: (root: string) => Promise<void>,
): Promise<void> {
  const [up, work, root] = ['up', 'work', 'root'].map((name) => join(scratch, name))
  if (up === undefined || work === undefined || root === undefined) return
  for (const folder of [up, work, root]) mkdirSync(folder, { recursive: true })
  await run([
    'mount',
    '-t',
    'overlay',
    'rekindle',
    '-o',
    `lowerdir=${lower},upperdir=${up},workdir=${work}`,
    root,
  ])
  try {
    await act(root)
  } finally {
    await run(['umount', '--lazy', root])
  }
}
