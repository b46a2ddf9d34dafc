/**
 * The base image that machines start from, in two layers, so that a new agent does not cost a new Debian:
 *
 *   <cache>/base-<key>/    Debian by mmdebstrap, named by what went into it (20 to 30 s, once)
 *   <cache>/agent-<key>/   what installing the agent's package over it changed (seconds)
 *
 * A layer is made beside its name and renamed when it is whole, so one that has its name is complete.
 */
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { hashOf, sha256 } from '../../../schemas/hash.ts'
import { mountOverlay, unmountOverlay } from './overlay.ts'
import { nameProcess } from './process.ts'
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
  return makeOnce(place, async (scratch) => {
    log(`building the Debian ${suite} base image with mmdebstrap (once, about half a minute)`)
    const tree = join(scratch, 'tree')
    const include = `--include=${packages.join(',')}`
    const debian = ['mmdebstrap', '--quiet', '--mode=root', '--variant=minbase', include, suite, tree]
    await run(debian, { timeoutMs: 15 * 60_000 })
    for (const unit of masked) await run(['systemctl', `--root=${tree}`, '--quiet', 'mask', unit])
    // mmdebstrap copies these from the machine that it runs on.
    for (const own of ['hostname', 'resolv.conf']) rmSync(join(tree, 'etc', own), { force: true })
    return tree
  })
}

async function buildAgentLayer(request: ImageRequest, base: string, agentPackage: string): Promise<string> {
  const { cacheDir, aptSource = '', log } = request
  const key = sha256(`${sha256(readFileSync(agentPackage))} ${aptSource} ${basename(base)}`).slice(0, 12)
  return makeOnce(join(cacheDir, `agent-${key}`), async (scratch) => {
    log(`installing ${basename(agentPackage)} into the image`)
    await withOverlay({ lower: base, scratch }, async (root) => {
      copyFileSync(agentPackage, join(root, 'tmp', 'agent.deb'))
      await run(['chroot', root, 'dpkg', '--install', '/tmp/agent.deb'], { timeoutMs: 5 * 60_000 })
      rmSync(join(root, 'tmp', 'agent.deb'))
      rmSync(join(root, 'etc/apt/sources.list.d'), { recursive: true, force: true })
      mkdirSync(join(root, 'etc/apt/sources.list.d'))
      writeFileSync(join(root, 'etc/apt/sources.list'), aptSource === '' ? '' : `${aptSource}\n`)
      rmSync(join(root, 'var/lib/apt/lists'), { recursive: true, force: true })
    })
    return join(scratch, 'up')
  })
}

/**
 * Gives `place`, made by `make` if it is not there: in a scratch folder beside it, named by this process, so that two
 * builders do not meet; what `make` gives is renamed to `place` when it is whole. Scratch folders of dead builders go.
 */
export async function makeOnce(place: string, make: (scratch: string) => Promise<string>): Promise<string> {
  if (existsSync(place)) return place
  mkdirSync(dirname(place), { recursive: true })
  const prefix = `${basename(place)}.new-`
  for (const name of readdirSync(dirname(place)).filter((entry) => entry.startsWith(prefix))) {
    if (nameProcess(Number(name.slice(prefix.length))) === undefined)
      await discard(join(dirname(place), name))
  }
  const scratch = `${place}.new-${process.pid}`
  await discard(scratch)
  mkdirSync(scratch)
  try {
    const made = await make(scratch)
    // Another builder may have been quicker; both made the same.
    if (!existsSync(place)) renameSync(made, place)
  } finally {
    await discard(scratch)
  }
  return place
}

/** Unmounts first: removing through a mount would remove what is mounted. */
async function discard(scratch: string): Promise<void> {
  await unmountOverlay(scratch)
  rmSync(scratch, { recursive: true, force: true })
}

/** Mounts an overlay over `lower` in `<scratch>/root`; what changed is in `<scratch>/up` afterwards. */
export async function withOverlay(
  { lower, scratch }: { readonly lower: string; readonly scratch: string },
  act: (root: string) => Promise<void>,
): Promise<void> {
  try {
    await act(await mountOverlay(lower, scratch))
  } finally {
    await unmountOverlay(scratch)
  }
}
