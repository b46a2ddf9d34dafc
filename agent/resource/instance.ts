/** For types whose `inspect` reads all of a host's instances at once. */
import type { Instance } from './resource-type.ts'

/** The one of that title, or all where none is asked for. */
export function ofTitle(instances: readonly Instance[], title: string | undefined): readonly Instance[] {
  return title === undefined ? instances : instances.filter((one) => one.title === title)
}
