/** What a catalog depends on besides the values that its role read: what of the site went into it. Pure. */
import { posix } from 'node:path'
import type { TakenReads } from './recorder.ts'

/** Paths are relative to the site. Hosts of one role that read the same have equal ones. */
export interface Uses {
  /** Files and folders that the role took in: templates, sources, schemas. */
  readonly files: readonly string[]
  /** Modules that made the role, and those that say which hosts have it. */
  readonly code: readonly string[]
  /** Layers of data that its hosts look at, highest first, as the hierarchy names them; none when neither it nor a rule read data. */
  readonly layers: readonly string[]
  /** Names of the secrets in it, sorted; absent for none. */
  readonly secrets?: readonly string[]
  /** What `{environment}` stands for in them; absent for nothing. */
  readonly environment?: string
  /** Of its hosts. */
  readonly pool?: string
  /** What rules ask that may be the host's by its name, such as `facts.os.release`, `host.attributes.tier` or `data.site.kind`; absent for nothing. */
  readonly rules?: readonly string[]
  /** For each resource, in the catalog's order, what was read after the declaration before it. */
  readonly readsFor: readonly TakenReads[]
}

/** Which modules of a site import which, noted as they are resolved. */
export interface ImportNotes {
  add(from: string, to: string): void
  /**
   * Modules that a role is made of: those that its own imports, and those that site.ts reaches without passing a role's.
   *
   * @param roleFile the one that calls `role()`
   */
  codeOf(roleFile: string, roleFiles: ReadonlySet<string>): readonly string[]
}

const entry = 'site.ts'

export function createImportNotes(): ImportNotes {
  const imports = new Map<string, Set<string>>()
  function reach(from: string, passes: (file: string) => boolean): ReadonlySet<string> {
    const reached = new Set([from])
    for (const file of reached) {
      if (file !== from && !passes(file)) continue
      for (const next of imports.get(file) ?? []) reached.add(next)
    }
    return reached
  }
  return {
    add(from, to) {
      const known = imports.get(from) ?? new Set()
      imports.set(from, known.add(to))
    },
    codeOf(roleFile, roleFiles) {
      const shared = [...reach(entry, (file) => !roleFiles.has(file))].filter((file) => !roleFiles.has(file))
      return [...new Set([...shared, ...reach(roleFile, () => true)])].sort()
    },
  }
}

/** As the site has it: `./files/x` and `files/x/` are one. */
export function normalFile(path: string): string {
  return posix.normalize(path).replace(/\/$/, '')
}
