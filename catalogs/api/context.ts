/** The one compile that is under way: what a role declares is collected here. Roles are synchronous, so one suffices. */
import { RekindleError } from '../../schemas/errors.ts'
import type { Facts, Schedule } from '../../schemas/generated/types.ts'
import { type ResourceId, renderResourceId } from '../../schemas/resource-id.ts'
import { callerPlace, renderPlace } from './place.ts'
import type { Container, Reference, ResourceTypeName } from './reference.ts'
import type { Role } from './role.ts'

/** One thing that is wrong in a site. */
export interface Mistake {
  readonly message: string
  /** `path:line`, the path relative to the site. */
  readonly where: string | null
  readonly hint: string | null
}

/** A resource as a role declared it: plain data, edges by id, not yet ordered. */
export interface Declaration {
  readonly type: ResourceTypeName
  readonly title: string
  /** As the author gave them, without metaparameters. */
  readonly params: Readonly<Record<string, unknown>>
  /** A file's content, from `content` or `source`. */
  readonly bytes?: Uint8Array
  readonly require: readonly ResourceId[]
  readonly before: readonly ResourceId[]
  readonly notify: readonly ResourceId[]
  readonly subscribe: readonly ResourceId[]
  readonly tags: readonly string[]
  readonly noop?: boolean
  readonly audit?: true | readonly string[]
  readonly schedule?: Schedule
  readonly where: string
}

export interface CompileInput {
  readonly siteDir: string
  /** Name of the host, as its certificate has it. */
  readonly host: string
  readonly facts: Facts
}

export interface Compile {
  readonly siteDir: string
  readonly role: Role
  /** Reading host and facts is noted, so they are read through it and not copied. */
  readonly input: CompileInput
  readonly declarations: Declaration[]
  readonly references: Set<Reference>
  readonly mistakes: Mistake[]
  /** Those whose function runs, outermost first. */
  readonly containers: OpenContainer[]
  /** Called when the role has ended, for what is complete only then. */
  readonly finish: (() => void)[]
}

export interface OpenContainer {
  readonly container: Container
  /** The role that it is of, or its name. */
  readonly of: string | Role
  /** Metaparameters for all that is declared in it. */
  readonly options: Readonly<Record<string, unknown>>
}

export interface Collected {
  readonly declarations: readonly Declaration[]
  readonly mistakes: readonly Mistake[]
  /** What the role threw, if it did; the declarations before it are there. */
  readonly thrown?: unknown
}

let current: Compile | undefined

/** Runs a role and gives what it declared, and what is wrong with it. */
export function collect(role: Role, input: CompileInput): Collected {
  if (current !== undefined) throw outside('compile a role inside another', 'Call a plain function instead')
  const { siteDir } = input
  const compile: Compile = {
    ...{ siteDir, role, input },
    declarations: [],
    references: new Set(),
    mistakes: [],
    containers: [],
    finish: [],
  }
  current = compile
  try {
    const result: unknown = role.declare()
    if (result instanceof Promise) {
      // What comes after its first await finds no compile; that is the mistake named here, not a second one.
      result.catch(() => {})
      compile.mistakes.push(asyncRole(role, siteDir))
    }
    for (const finish of compile.finish) finish()
    return compile
  } catch (thrown) {
    return { declarations: compile.declarations, mistakes: compile.mistakes, thrown }
  } finally {
    current = undefined
  }
}

/**
 * The compile under way.
 *
 * @throws RekindleError when there is none: `Cannot ${act} outside a role`.
 */
export function currentCompile(act: string): Compile {
  if (current === undefined)
    throw outside(`${act} outside a role`, 'Move it into the function given to role()')
  return current
}

/** Notes a mistake at the line that called into this API, and lets the role go on so that all are found. */
export function noteMistake(compile: Compile, message: string, hint: string | null = null): void {
  compile.mistakes.push({ message, where: whereNow(compile), hint })
}

export function whereNow({ siteDir }: Compile): string {
  return renderPlace(callerPlace(siteDir), siteDir)
}

/** Ids of references, those of another compile noted as mistakes. */
export function resourceIds(
  compile: Compile,
  of: string,
  references: readonly Reference[],
): readonly ResourceId[] {
  return references.map((reference) => {
    if (!compile.references.has(reference)) {
      noteMistake(
        compile,
        `Cannot declare ${of}: it refers to ${reference.type} "${reference.title}", which another compile declared`,
        'Declare resources inside the role, and keep no reference in a variable outside it',
      )
    }
    return renderResourceId(reference.type, reference.title)
  })
}

function asyncRole(role: Role, siteDir: string): Mistake {
  return {
    message: `Cannot compile role "${role.name}": its function is async`,
    where: renderPlace(role.place, siteDir),
    hint: 'Facts and files are in hand when a role runs: remove async and await',
  }
}

function outside(act: string, hint: string): RekindleError {
  return new RekindleError({ code: 'compile-failed', message: `Cannot ${act}`, hint })
}
