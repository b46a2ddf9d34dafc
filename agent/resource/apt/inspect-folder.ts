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
    const titles = new Set(host.files.list(folder).flatMap((file) => name.exec(file)?.[1] ?? []))
    const asked = title === undefined ? [...titles] : [title].filter((one) => titles.has(one))
    return asked.map((one) => instanceOf(host, one))
  }
}
