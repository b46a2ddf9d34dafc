import { describe, expect, it } from 'vitest'
import { createImportNotes } from './uses.ts'

describe('codeOf()', () => {
  const notes = createImportNotes()
  const imports: readonly (readonly [string, string])[] = [
    ['site.ts', 'roles/web.ts'],
    ['site.ts', 'roles/db.ts'],
    ['site.ts', 'pools.ts'],
    ['roles/web.ts', 'lib/shared.ts'],
    ['roles/db.ts', 'lib/db.ts'],
    ['lib/db.ts', 'roles/db.ts'],
    ['roles/db.ts', 'roles/web.ts'],
  ]
  for (const [from, to] of imports) notes.add(from, to)
  const roles = new Set(['roles/web.ts', 'roles/db.ts'])

  it('has what a role imports and what the rules are made of, and no other role', () => {
    expect(notes.codeOf('roles/web.ts', roles)).toEqual([
      'lib/shared.ts',
      'pools.ts',
      'roles/web.ts',
      'site.ts',
    ])
  })

  it('has a role that another is made of, and ends in a circle', () => {
    expect(notes.codeOf('roles/db.ts', roles)).toEqual([
      'lib/db.ts',
      'lib/shared.ts',
      'pools.ts',
      'roles/db.ts',
      'roles/web.ts',
      'site.ts',
    ])
  })

  it('has everything for a role in site.ts itself', () => {
    expect(notes.codeOf('site.ts', new Set(['site.ts']))).toContain('lib/db.ts')
  })
})
