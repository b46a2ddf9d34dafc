import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, it } from 'vitest'
import { exec } from './resource/exec.ts'
import { file } from './resource/file.ts'
import { role } from './role.ts'
import { compile } from './testing.ts'

const siteDir = mkdtempSync(join(tmpdir(), 'rekindle-tree-'))
afterAll(() => rmSync(siteDir, { recursive: true }))
mkdirSync(join(siteDir, 'www/css'), { recursive: true })
writeFileSync(join(siteDir, 'www/index.html'), '<p>')
writeFileSync(join(siteDir, 'www/run.sh'), '#!/bin/sh\n')
chmodSync(join(siteDir, 'www/run.sh'), 0o755)
writeFileSync(join(siteDir, 'www/css/a.css'), 'p {}')
writeFileSync(join(siteDir, 'www/css/a.css~'), 'old')
symlinkSync('css/a.css', join(siteDir, 'www/style'))

const tree = { ensure: 'directory', recurse: true, source: 'www', ignore: ['*~'] } as const

it('a directory of the site becomes a resource for each entry, right after it, in its order', () => {
  const catalog = compile(
    role('r', () => {
      file('/srv/www', { ...tree, owner: 'www' })
      file('/srv/last', { content: '' })
    }),
    { siteDir },
  )
  expect(catalog.ids).toEqual([
    'file:/srv/www',
    'file:/srv/www/css',
    'file:/srv/www/css/a.css',
    'file:/srv/www/index.html',
    'file:/srv/www/run.sh',
    'file:/srv/www/style',
    'file:/srv/last',
  ])
  expect(catalog.find('file', '/srv/www').params).toEqual({
    ensure: 'directory',
    ignore: ['*~'],
    owner: 'www',
  })
  expect(catalog.find('file', '/srv/www/css/a.css')).toMatchObject({
    content: 'p {}',
    params: { owner: 'www', mode: '0644' },
  })
  expect(catalog.find('file', '/srv/www/run.sh').params.mode).toBe('0755')
  expect(catalog.find('file', '/srv/www/style').params).toMatchObject({
    ensure: 'symlink',
    target: 'css/a.css',
  })
})

it('octal bits give its directories an x wherever there is an r', () => {
  const catalog = compile(
    role('r', () => {
      file('/srv/www', { ...tree, mode: '0640' })
    }),
    { siteDir },
  )
  expect(catalog.find('file', '/srv/www/css').params.mode).toBe('0750')
  expect(catalog.find('file', '/srv/www/index.html').params.mode).toBe('0640')
})

it('what waits for the directory waits for all of it, what it notifies every entry does, and an explicit file wins', () => {
  const catalog = compile(
    role('r', () => {
      const reload = exec('reload', { command: 'true', refreshOnly: true })
      const www = file('/srv/www', { ...tree, notify: reload })
      exec('after', { command: 'true', require: www })
      file('/srv/www/index.html', { content: 'mine' })
    }),
    { siteDir },
  )
  expect(catalog.find('exec', 'after').require).toContain('file:/srv/www/run.sh')
  expect(catalog.find('file', '/srv/www/run.sh').notify).toEqual(['exec:reload'])
  expect(catalog.find('file', '/srv/www/index.html')).toMatchObject({ content: 'mine', notify: [] })
})

it.each(['no/such', '/etc', '../..'])(
  'a source "%s" that is no directory of the site is refused',
  (source) => {
    const broken = role('r', () => {
      file('/srv/www', { ...tree, source })
    })
    expect(() => compile(broken, { siteDir })).toThrow('Cannot declare file "/srv/www"')
  },
)
