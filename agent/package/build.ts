/** Makes the package with which a bare host gets the agent: the Node runtime, one bundled file, and the unit. */
import { execFile } from 'node:child_process'
import {
  chmodSync,
  constants,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { build, type Plugin } from 'esbuild'
import { RekindleError } from '../../schemas/errors.ts'
import { hashOf, sha256 } from '../../schemas/hash.ts'
import { version } from '../../schemas/version.ts'

const here = import.meta.dirname
const root = join(here, '..', '..')
const nodeBinary = join(root, 'node_modules', 'node', 'bin', 'node')
const architectures: Readonly<Record<string, string>> = { x64: 'amd64', arm64: 'arm64' }

/** What goes in besides the runtime: path in the package, content, mode. */
interface PackageFile {
  readonly path: string
  readonly content: string | Uint8Array
  readonly mode: number
}

/**
 * Builds `rekindle-agent_<version>_<arch>.deb` in a folder and gives its path. Nothing is done when the one that is there
 * was made from the same sources.
 *
 * @throws RekindleError `unsupported` for an architecture without a runtime
 */
export async function buildAgentPackage(outDir: string): Promise<string> {
  const arch = architectures[process.arch]
  if (arch === undefined) {
    throw new RekindleError({
      code: 'unsupported',
      message: `Cannot build the agent's package for "${process.arch}"`,
    })
  }
  mkdirSync(outDir, { recursive: true })
  const deb = join(outDir, `rekindle-agent_${version}_${arch}.deb`)
  const stamp = `${deb}.stamp`
  const files = [...packageFiles(await bundleAgent()), control(arch)]
  const sources = hashOf([
    nodeIdentity(),
    files.map(({ path, content, mode }) => [path, sha256(content), mode]),
  ])
  if (existsSync(deb) && existsSync(stamp) && readFileSync(stamp, 'utf8') === sources) return deb
  const stage = mkdtempSync(join(tmpdir(), 'rekindle-package-'))
  try {
    chmodSync(stage, 0o755)
    for (const file of files) place(stage, file)
    copyFileSync(nodeBinary, join(stage, 'usr/lib/rekindle/node'), constants.COPYFILE_FICLONE)
    await pack(stage, deb)
    writeFileSync(stamp, sources)
  } finally {
    rmSync(stage, { recursive: true, force: true })
  }
  return deb
}

/**
 * The agent as one ESM file, what it imports lazily included: parts in files of their own would be gone, or another
 * version's, for the agent whose run upgrades it.
 */
async function bundleAgent(): Promise<Uint8Array> {
  const { outputFiles } = await build({
    entryPoints: [join(root, 'agent', 'main.ts')],
    bundle: true,
    write: false,
    platform: 'node',
    // jsonc-parser's `main` loads its parts by names that a bundle does not have.
    mainFields: ['module', 'main'],
    format: 'esm',
    target: 'node26',
    minifySyntax: true,
    minifyWhitespace: true,
    legalComments: 'none',
    external: ['bufferutil', 'utf-8-validate'],
    // CommonJS dependencies (ws) ask for Node's own modules with require(), which ESM has not.
    banner: {
      js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);",
    },
    plugins: [webSocketWithoutHttp],
    logLevel: 'silent',
  })
  const output = outputFiles[0]
  if (output === undefined)
    throw new RekindleError({ code: 'internal', message: 'Cannot bundle the agent: esbuild gave no file' })
  return output.contents
}

/**
 * Node's http module brings fetch() with it, 6 MiB and 25 ms of an agent. ws asks it for addresses with `ws:`, which agents
 * never use.
 */
const webSocketWithoutHttp: Plugin = {
  name: 'web-socket-without-http',
  setup({ onResolve }) {
    onResolve({ filter: /^http$/ }, ({ importer }) =>
      importer.includes('/node_modules/ws/') ? { path: 'node:https', external: true } : undefined,
    )
  },
}

function packageFiles(bundle: Uint8Array): readonly PackageFile[] {
  const source = (name: string) => readFileSync(join(here, name))
  return [
    { path: 'usr/lib/rekindle/agent.mjs', content: bundle, mode: 0o644 },
    { path: 'usr/bin/rekindle', content: source('rekindle'), mode: 0o755 },
    {
      path: 'lib/systemd/system/rekindle-agent.service',
      content: source('rekindle-agent.service'),
      mode: 0o644,
    },
    { path: 'DEBIAN/postinst', content: source('postinst'), mode: 0o755 },
    { path: 'DEBIAN/prerm', content: source('prerm'), mode: 0o755 },
  ]
}

function control(arch: string): PackageFile {
  const fields = {
    Package: 'rekindle-agent',
    Version: version,
    Architecture: arch,
    Maintainer: 'Rekindle <rekindle@localhost>',
    Depends: 'libatomic1, libc6, libgcc-s1, libstdc++6',
    Section: 'admin',
    Priority: 'optional',
    Description: 'Rekindle agent: pulls this host’s catalog and converges it',
  }
  const content = Object.entries(fields)
    .map(([name, value]) => `${name}: ${value}\n`)
    .join('')
  return { path: 'DEBIAN/control', content, mode: 0o644 }
}

/** The runtime is 140 MiB: its size and time stand for its bytes. */
function nodeIdentity(): string {
  const { size, mtimeMs } = statSync(nodeBinary)
  return `${process.version} ${size} ${mtimeMs}`
}

function place(stage: string, { path, content, mode }: PackageFile): void {
  const target = join(stage, path)
  mkdirSync(dirname(target), { recursive: true })
  writeFileSync(target, content)
  chmodSync(target, mode)
}

async function pack(stage: string, deb: string): Promise<void> {
  const unfinished = `${deb}.${process.pid}.new`
  const args = ['--root-owner-group', '-Zzstd', '-z1', '--build', stage, unfinished]
  // A fixed time, so that the same sources give the same bytes.
  await promisify(execFile)('dpkg-deb', args, { env: { ...process.env, SOURCE_DATE_EPOCH: '1767225600' } })
  renameSync(unfinished, deb)
}
