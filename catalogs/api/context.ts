/** The one compile that is under way: what a role declares is collected here. Roles are synchronous, so one suffices. */
import type { AskedLayer, DataRules } from '../../schemas/data-layers.ts'
import { RekindleError } from '../../schemas/errors.ts'
import type { FactProblem, Facts, Schedule, SecretPlace } from '../../schemas/generated/types.ts'
import { type ResourceId, renderResourceId } from '../../schemas/resource-id.ts'
import type { Trusted } from '../../schemas/trusted.ts'
import type { DataChecker } from './data-schema.ts'
import { callerPlace, type Place, renderPlace } from './place.ts'
import type { Container, Reference, ResourceTypeName } from './reference.ts'
import type { Role } from './role.ts'
import { createSecretMarks, type SecretMarks } from './secret-mark.ts'
import { placeSecrets } from './secret-place.ts'

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
  /** Texts of it that have secrets in them; set when the roles have ended. */
  readonly secrets?: readonly SecretPlace[]
  /** What the role read after the declaration before it, as `takeReads` gave it. */
  readonly reads?: TakenReads
}

/** Reads by number: those of one stretch, and how many there were by then. */
export interface TakenReads {
  readonly own: readonly number[]
  readonly by: number
}

export interface CompileInput {
  readonly siteDir: string
  /** Name of the host, as its certificate has it. */
  readonly host: string
  readonly trusted: Trusted
  readonly facts: Facts
  /** What the host sees of data that a site declared; undefined when this one has other data, or none. */
  readonly data?: ((of: DeclaredData) => HostData | undefined) | undefined
  /** Those since the last call. */
  readonly takeReads?: (() => TakenReads) | undefined
}

/** Data of a site, whatever its schema. */
export interface DeclaredData {
  readonly rules: DataRules
  readonly checker: DataChecker
  readonly place: Place | undefined
  /** Folder of its layers, absolute. */
  readonly dir: string
}

export interface HostData {
  /** Values by section and key; reading is noted. */
  readonly values: () => object
  /** Highest first, for errors. */
  readonly asked: () => readonly AskedLayer[]
}

export interface Compile {
  readonly siteDir: string
  /** The one that runs. */
  role: Role
  /** Reading host and facts is noted, so they are read through it and not copied. */
  readonly input: CompileInput
  readonly declarations: Declaration[]
  readonly references: Set<Reference>
  readonly mistakes: Mistake[]
  /** Paths in the site, as the role gave them, of files and folders that it took in. */
  readonly files: Set<string>
  /** Facts that are not as the site declares them; the role goes on without them. */
  readonly factProblems: FactProblem[]
  /** Those whose function runs, outermost first. */
  readonly containers: OpenContainer[]
  /** Of the secrets that the roles took. */
  readonly marks: SecretMarks
  /** Called when the roles have ended, for what is complete only then. */
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
  readonly files: ReadonlySet<string>
  readonly factProblems: readonly FactProblem[]
  /** What a role threw, if one did; the declarations before it are there. */
  readonly thrown?: { readonly error: unknown; readonly by: Role }
}

let current: Compile | undefined

/** Runs roles, one after the other, and gives what they declared together, and what is wrong with it. */
export function collect(roles: readonly [Role, ...Role[]], input: CompileInput): Collected {
  if (current !== undefined) throw outside('compile a role inside another', 'Call a plain function instead')
  const { siteDir } = input
  const compile: Compile = {
    ...{ siteDir, role: roles[0], input },
    declarations: [],
    references: new Set(),
    mistakes: [],
    files: new Set(),
    factProblems: [],
    containers: [],
    marks: createSecretMarks(),
    finish: [],
  }
  current = compile
  let [by] = roles
  try {
    for (by of roles) run(by, compile)
    for (const finish of compile.finish) finish()
    const { declarations, mistakes } = placeSecrets(compile.declarations, compile.marks)
    return { ...compile, declarations, mistakes: [...compile.mistakes, ...mistakes] }
  } catch (error) {
    const { mistakes, files, factProblems } = compile
    const { declarations } = placeSecrets(compile.declarations, compile.marks)
    return { declarations, mistakes, files, factProblems, thrown: { error, by } }
  } finally {
    current = undefined
  }
}

function run(role: Role, compile: Compile): void {
  compile.role = role
  const result: unknown = role.declare()
  if (!(result instanceof Promise)) return
  // What comes after its first await finds no compile; that is the mistake named here, not a second one.
  result.catch(() => {})
  compile.mistakes.push(asyncRole(role, compile.siteDir))
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
