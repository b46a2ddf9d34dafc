/** `inspect` of what stands in a folder of apt's, one thing a file. */
import type { Host } from '../../host/host.ts'
import type { Instance } from '../resource-type.ts'

export interface AptFolder {
  readonly folder: string
  /** Names of files that apt reads there; the first group is the title. */
  readonly name: RegExp
  readonly instanceOf: (host: Host, title: string) => Instance
}

/** A title that has several files is there once. */
export function inspectFolder({ folder, name, instanceOf }: AptFolder) {
  return async (host: Host, title: string | undefined): Promise<readonly Instance[]> => {
    const titles = titlesIn(host, { folder, name }).keys()
    return [...titles]
      .filter((one) => title === undefined || one === title)
      .map((one) => instanceOf(host, one))
  }
}

/** inspectFolder() where packages put files too: those are theirs, and go with them. */
export function inspectSharedFolder({ folder, name, instanceOf }: AptFolder) {
  return async (host: Host, title: string | undefined): Promise<readonly Instance[]> => {
    const pathsOf = titlesIn(host, { folder, name })
    const asked = [...pathsOf].filter(([one]) => title === undefined || one === title)
    const owned = await host.dpkg.owned(asked.flatMap(([, paths]) => paths))
    return asked.map(([one, paths]) => {
      const theirs = paths.find((path) => owned.has(path))
      const instance = instanceOf(host, one)
      return theirs === undefined ? instance : { ...instance, protectedBy: `a package brings ${theirs}` }
    })
  }
}

function titlesIn({ files }: Host, { folder, name }: Pick<AptFolder, 'folder' | 'name'>) {
  const paths = new Map<string, readonly string[]>()
  for (const file of files.list(folder)) {
    const title = name.exec(file)?.[1]
    if (title !== undefined) paths.set(title, [...(paths.get(title) ?? []), `${folder}/${file}`])
  }
  return paths
}
