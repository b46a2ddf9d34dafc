/** Rekindle's side of the work: a site is written, compiled by the command line, and applied by the installed agent. */
import { execFileSync } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Work } from './work.ts'

const launcher = join(import.meta.dirname, '..', '..', '..', 'bin', 'rekindle')

const site = `
import { file, pkg, role, service, site } from 'rekindle'
import work from './work.json' with { type: 'json' }
const bench = role('bench', () => {
  for (const { path, content } of work.files) file(path, { content, mode: '0644', owner: 'root' })
  if (work.tree) file(work.tree, { ensure: 'directory', recurse: true, source: 'tree' })
  for (const name of work.packages) pkg(name)
  for (const name of work.services) service(name, { ensure: 'running', enable: true })
})
export default site({ hosts: [{ match: '*', role: bench }] })
`

/** Paths on the host. */
export const catalogPath = (work: Work) => `/root/${work.name}.json`
export const blobsDir = '/root/blobs'
export const stateDirOf = (work: Work) => `/var/lib/rekindle-bench-${work.name}`

/** Compiles the work into a machine. @param treeFrom where the tree's files are, on this machine */
export function installCatalog(work: Work, root: string, treeFrom: string): void {
  const dir = mkdtempSync(join(tmpdir(), 'rekindle-bench-site-'))
  try {
    writeFileSync(join(dir, 'site.ts'), site)
    writeFileSync(join(dir, 'work.json'), JSON.stringify({ ...work, tree: work.tree?.to }))
    if (work.tree !== undefined) cpSync(treeFrom, join(dir, 'tree'), { recursive: true })
    mkdirSync(join(root, blobsDir), { recursive: true })
    const out = ['--out', join(root, catalogPath(work)), '--blobs', join(root, blobsDir)]
    execFileSync(launcher, ['compile', dir, '--host', 'bench', ...out], { stdio: 'pipe' })
  } finally {
    rmSync(dir, { recursive: true })
  }
}

export function applyCommand(work: Work): readonly string[] {
  return ['rekindle', 'apply', catalogPath(work), '--blobs', blobsDir, '--state-dir', stateDirOf(work)]
}
