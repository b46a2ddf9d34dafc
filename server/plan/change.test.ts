import { describe, expect, it } from 'vitest'
import type { CatalogResource } from '../../schemas/generated/types.ts'
import { sha256 } from '../../schemas/hash.ts'
import { type CatalogChange, type Compared, diffCatalogs } from './change.ts'

const placement = { role: 'web', pool: 'web', environment: '', drift: 'correct' }

function catalog(resources: readonly CatalogResource[], contents: readonly string[] = []): Compared {
  return { placement, resources, blobs: new Map(contents.map((text) => [sha256(text), Buffer.from(text)])) }
}

function resource(id: string, params: CatalogResource['params'], rest: object = {}): CatalogResource {
  const [type = '', title = ''] = id.split(/:(.*)/)
  return { id, type, title, params, where: 'site.ts:1', ...rest }
}

function changes(before: CatalogResource, after: CatalogResource): CatalogChange['resources'] {
  return diffCatalogs(catalog([before]), catalog([after]))?.resources ?? []
}

describe('diffCatalogs()', () => {
  it('finds nothing in another place, or another order of parameters', () => {
    const before = resource('file:/a', { owner: 'root', mode: '0644' })
    const after = { ...resource('file:/a', { mode: '0644', owner: 'root' }), where: 'site.ts:9' }
    expect(diffCatalogs(catalog([before]), catalog([after]))).toBeUndefined()
  })

  it('shows parameters and edges, old and new', () => {
    const before = resource('service:a', { ensure: 'running' }, { require: ['package:a'] })
    const after = resource('service:a', { ensure: 'stopped', enable: false })
    expect(changes(before, after)).toMatchObject([
      {
        kind: 'changed',
        changes: [
          { name: 'ensure', from: '"running"', to: '"stopped"' },
          { name: 'require', from: '["package:a"]', to: null },
          { name: 'enable', from: null, to: 'false' },
        ],
      },
    ])
  })

  it('shows where a host belongs, when that changes', () => {
    const after = { ...catalog([]), placement: { ...placement, pool: 'edge' } }
    expect(diffCatalogs(catalog([]), after)?.placement).toEqual([
      { name: 'pool', from: '"web"', to: '"edge"' },
    ])
  })

  it('shows contents as a diff, and what is no text by its hash', () => {
    const blob = (text: string) => ({ blob: { sha256: sha256(text), size: text.length } })
    const diff = (old: string, next: string) =>
      diffCatalogs(
        catalog([resource('file:/a', blob(old))], [old]),
        catalog([resource('file:/a', blob(next))], [next]),
      )?.resources[0]?.changes
    expect(diff('one\n', 'two\n')).toEqual([{ name: 'content', diff: expect.stringContaining('-one\n+two') }])
    const hash = sha256('\0').slice(0, 12)
    expect(diff('one\n', '\0')).toMatchObject([{ name: 'content', to: `sha256 ${hash}, 1 bytes` }])
  })

  const hidden: readonly (readonly [string, CatalogResource, CatalogResource])[] = [
    [
      'a sensitive resource’s',
      resource('exec:a', { command: ['s3cret-1'], sensitive: true }),
      resource('exec:a', { command: ['s3cret-2'], sensitive: true }),
    ],
    [
      'one that was sensitive, or becomes it',
      resource('exec:a', { command: ['s3cret-1'], sensitive: true }),
      resource('exec:a', { command: ['s3cret-2'] }),
    ],
    [
      'a password’s hash',
      resource('user:a', { password: 's3cret-1' }),
      resource('user:a', { password: 's3cret-2' }),
    ],
    [
      'a member that a custom type hides',
      resource('custom:vhost/a', { params: { port: 1, key: 's3cret-1' }, sensitive: ['key'] }),
      resource('custom:vhost/a', { params: { port: 2, key: 's3cret-2' }, sensitive: ['key'] }),
    ],
    [
      'a login in an address',
      resource('git_checkout:/a', { source: 'https://bot:s3cret-1@git.example.org/a' }),
      resource('git_checkout:/a', { source: 'https://bot:s3cret-2@git.example.org/b' }),
    ],
  ]
  it.each(hidden)('shows that %s value changes, and not the value', (_, before, after) => {
    const shown = JSON.stringify(changes(before, after))
    expect(shown).toContain('[redacted]')
    expect(shown).not.toContain('s3cret')
  })

  it('shows them when nothing says that they are sensitive', () => {
    const shown = changes(
      resource('exec:a', { command: ['open-1'] }),
      resource('exec:a', { command: ['open-2'] }),
    )
    expect(JSON.stringify(shown)).toContain('open-2')
  })
})
