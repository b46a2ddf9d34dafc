/** What is wrong with a resource's title and parameters, in words for its author. Pure. */
import execSchema from '../../schemas/resource/exec.json' with { type: 'json' }
import fileSchema from '../../schemas/resource/file.json' with { type: 'json' }
import groupSchema from '../../schemas/resource/group.json' with { type: 'json' }
import packageSchema from '../../schemas/resource/package.json' with { type: 'json' }
import serviceSchema from '../../schemas/resource/service.json' with { type: 'json' }
import userSchema from '../../schemas/resource/user.json' with { type: 'json' }
import { type Diagnostic, diagnose } from '../../schemas/validate.ts'
import type { ResourceTypeName } from './reference.ts'

export interface Complaint {
  readonly message: string
  readonly hint: string | null
}

type Params = Readonly<Record<string, unknown>>

const names: Readonly<Record<ResourceTypeName, readonly string[]>> = {
  exec: Object.keys(execSchema.properties),
  // Only the compiler sets `blob`.
  file: Object.keys(fileSchema.properties).filter((name) => name !== 'blob'),
  group: Object.keys(groupSchema.properties),
  package: Object.keys(packageSchema.properties),
  service: Object.keys(serviceSchema.properties),
  user: Object.keys(userSchema.properties),
}

/** The title as it stands in ids: `/a/` is `/a`, `nginx.service` is `nginx`. */
export function normaliseTitle(type: ResourceTypeName, title: string): string {
  if (type === 'file') return title.replace(/\/(?:\.?\/)+/g, '/').replace(/(.)\/\.?$/, '$1')
  if (type === 'service') return title.replace(/(.)\.service$/, '$1')
  return title
}

/** Everything that is wrong with one resource; empty when nothing is. */
export function complain(type: ResourceTypeName, title: string, params: Params): readonly Complaint[] {
  const wrongTitle = titleRules[type](title)
  const own = Object.entries(params).filter(([name]) => names[type].includes(name))
  return [
    ...(wrongTitle === undefined ? [] : [{ message: wrongTitle, hint: null }]),
    ...Object.keys(params)
      .filter((name) => !names[type].includes(name))
      .map((name) => unknown(type, name)),
    ...diagnose(`resource/${type}`, Object.fromEntries(own)).filter(isTelling).map(toComplaint),
    ...contradictions(type, params).map((message) => ({ message, hint: null })),
  ]
}

/** Of an `anyOf` that fits nothing, ajv reports each branch and the whole; the branches say what was wanted. */
function isTelling({ wanted }: Diagnostic): boolean {
  return !wanted.startsWith('match a schema in anyOf')
}

function toComplaint({ path, wanted, found }: Diagnostic): Complaint {
  return {
    message: `parameter "${path.slice(1).replaceAll('/', '.')}": wanted ${wanted}, found ${found}`,
    hint: null,
  }
}

function unknown(type: ResourceTypeName, name: string): Complaint {
  const nearest = names[type].find((known) => isNear(known, name))
  return {
    message: `unknown parameter "${name}"`,
    hint:
      nearest === undefined
        ? `Parameters of ${type}: ${names[type].join(', ')}`
        : `Did you mean "${nearest}"?`,
  }
}

/** Equal but for case, or one character more, fewer, other, or swapped with its neighbour. */
export function isNear(known: string, written: string): boolean {
  const [a, b] = [known.toLowerCase(), written.toLowerCase()]
  let head = 0
  while (head < a.length && a[head] === b[head]) head++
  let tail = 0
  while (tail < Math.min(a.length, b.length) - head && a.at(-1 - tail) === b.at(-1 - tail)) tail++
  const [restA, restB] = [a.slice(head, a.length - tail), b.slice(head, b.length - tail)]
  if (restA.length <= 1 && restB.length <= 1) return true
  return restA.length === 2 && restB.length === 2 && restA[0] === restB[1] && restA[1] === restB[0]
}

const titleRules: Readonly<Record<ResourceTypeName, (title: string) => string | undefined>> = {
  exec: (title) => (title.trim() === '' ? 'the title is empty' : undefined),
  file: (title) => {
    if (!title.startsWith('/')) return 'the title is not an absolute path'
    if (title.split('/').includes('..')) return 'the title has ".." in its path'
    return title.includes('\0') ? 'the title has a NUL character' : undefined
  },
  group: accountTitle,
  // Debian policy 5.6.1, with the architecture that dpkg allows behind it.
  package: (title) =>
    /^[a-z0-9][a-z0-9+.-]+(?::[a-z0-9-]+)?$/.test(title)
      ? undefined
      : 'the title is no name of a Debian package',
  service: (title) =>
    /^[A-Za-z0-9:_.\\@-]+$/.test(title) ? undefined : 'the title is no name of a systemd unit',
  user: accountTitle,
}

function accountTitle(title: string): string | undefined {
  return /^[A-Za-z0-9_][A-Za-z0-9_.-]{0,31}\$?$/.test(title)
    ? undefined
    : 'the title is no name of an account'
}

function contradictions(type: ResourceTypeName, params: Params): readonly string[] {
  if (type === 'package') {
    const { ensure = 'present', version } = params
    return version !== undefined && ensure !== 'present'
      ? [`"version" does not go with ensure ${JSON.stringify(ensure)}`]
      : []
  }
  return type === 'file' ? fileContradictions(params) : []
}

function fileContradictions(params: Params): readonly string[] {
  const ensure = params.ensure ?? (params.target === undefined ? 'file' : 'symlink')
  const given = (name: string) => params[name] !== undefined
  const wrong: string[] = []
  if (given('content') && given('source')) wrong.push('"content" and "source" exclude each other')
  for (const name of ['content', 'source', 'validate']) {
    if (given(name) && ensure !== 'file')
      wrong.push(`"${name}" does not go with ensure ${JSON.stringify(ensure)}`)
  }
  if (given('target') && ensure !== 'symlink')
    wrong.push(`"target" does not go with ensure ${JSON.stringify(ensure)}`)
  if (ensure === 'symlink' && !given('target')) wrong.push('a symlink needs a "target"')
  if (typeof params.content === 'string' && !params.content.isWellFormed()) {
    wrong.push('"content" is no valid Unicode text')
  }
  return wrong
}
