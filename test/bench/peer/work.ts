/** The work that Rekindle and its peers are given: the same for each, in a corner of the host that is the tool's own. */

export interface Work {
  readonly name: string
  /** Path and content of whole files; modes are 0644. */
  readonly files: readonly { readonly path: string; readonly content: string }[]
  /** A directory whose files are all copied to another. */
  readonly tree?: { readonly from: string; readonly to: string }
  readonly packages: readonly string[]
  /** Units that are to run and to be enabled. */
  readonly services: readonly string[]
}

export const packageNames = numbered('rk-bench', 100)
export const treeSize = 2000

const empty = { files: [], packages: [], services: [] } as const

/** @param corner the tool's name, so that no tool finds what another did */
export function worksFor(corner: string): readonly Work[] {
  const files = (count: number) =>
    numbered(`/srv/${corner}/${count}/setting`, count).map((path, at) => ({
      path,
      content: `setting = ${at}\n`.repeat(20),
    }))
  const services = servicesOf(corner)
  return [
    { ...empty, name: 'files100', files: files(100) },
    { ...empty, name: 'files1000', files: files(1000) },
    { ...empty, name: 'files5000', files: files(5000) },
    { ...empty, name: 'tree2000', tree: { from: treeSource, to: `/srv/${corner}/tree` } },
    { ...empty, name: 'packages100', packages: packageNames },
    { ...empty, name: 'services30', services },
    {
      name: 'mixed150',
      files: numbered(`/srv/${corner}/mixed/setting`, 50).map((path) => ({ path, content: `of ${path}\n` })),
      packages: packageNames.slice(0, 70),
      services,
    },
  ]
}

export const treeSource = '/srv/source'

export function servicesOf(corner: string): readonly string[] {
  return numbered(`${corner}-bench`, 30)
}

function numbered(stem: string, count: number): readonly string[] {
  return Array.from({ length: count }, (_, at) => `${stem}-${at + 1}`)
}

/** A tool that converges a host: what it is given to read, and how it is started. */
export interface Peer {
  readonly name: string
  /** Files to put on the host, by path; the first is the one that is run. */
  policy(work: Work): Readonly<Record<string, string>>
  /** The command that applies it. It exits 0 when all is as wanted, whatever it had to do. */
  command(path: string): readonly string[]
}
