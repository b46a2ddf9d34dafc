/** A compiled role as text for snapshots: stable, readable, with the contents of files in it and no path of a machine. Pure. */
import { sha256 } from '../../schemas/hash.ts'
import type { TestCatalog, TestResource } from './testing-catalog.ts'

/** What becomes the content is shown as text, whatever the author gave it as. */
const contentNames: ReadonlySet<string> = new Set(['content', 'contentBase64'])

/** In order of declaration; parameters by name. Lines of the site do not show, so that moving code changes no snapshot. */
export function renderCatalog({ role, resources }: TestCatalog): string {
  return [`role ${role}`, ...resources.flatMap((resource) => ['', ...renderResource(resource)])].join('\n')
}

function renderResource(resource: TestResource): readonly string[] {
  const { id, params, content, bytes } = resource
  const isShown = ([name]: [string, unknown]) => content === undefined || !contentNames.has(name)
  const own = Object.entries(params)
    .filter(isShown)
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
  const meta = (['require', 'before', 'notify', 'subscribe', 'tags'] as const).flatMap((name) =>
    resource[name].length === 0 ? [] : [`  ${name}: ${resource[name].join(', ')}`],
  )
  const others = (['noop', 'audit', 'schedule'] as const).flatMap((name) =>
    resource[name] === undefined ? [] : [`  ${name}: ${JSON.stringify(resource[name])}`],
  )
  return [
    id,
    ...own.map(([name, value]) => `  ${name}: ${JSON.stringify(sorted(value))}`),
    ...renderContent(content, bytes),
    ...meta,
    ...others,
  ]
}

function renderContent(content: string | undefined, bytes: Uint8Array | undefined): readonly string[] {
  if (content === undefined || bytes === undefined) return []
  const isText = Buffer.from(content).equals(bytes) && !/[^\P{Cc}\t\n\r]/u.test(content)
  if (!isText) return [`  content: ${bytes.length} bytes, SHA-256 ${sha256(bytes)}`]
  if (content === '') return ['  content: empty']
  const lines = content.split('\n')
  const end = lines.at(-1) === '' ? [] : ['  (no line end)']
  return [
    '  content:',
    ...lines
      .slice(0, end.length === 0 ? -1 : undefined)
      .map((line) => `    |${line === '' ? '' : ` ${line}`}`),
    ...end,
  ]
}

/** Names in one order, whatever order the author wrote them in. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted)
  if (typeof value !== 'object' || value === null) return value
  const members = Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1))
  return Object.fromEntries(members.map(([name, member]) => [name, sorted(member)]))
}
