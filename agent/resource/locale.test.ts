import { expect, test } from 'vitest'
import type { LocaleParams } from '../../schemas/generated/types.ts'
import { type LocaleState, locale } from './locale.ts'
import { partialHost } from './partial-host.ts'
import type { Wanted } from './resource-type.ts'

const german: LocaleState = {
  isGenerated: true,
  isListed: true,
  defaults: new Map([['LANG', 'de_DE.UTF-8']]),
}

test.each<[title: string, params: LocaleParams, state: LocaleState, changes: string[]]>([
  ['it is generated', {}, german, []],
  ['it is the default', { default: true }, german, []],
  [
    'it is not there and should not be',
    { ensure: 'absent' },
    { ...german, isGenerated: false, isListed: false },
    [],
  ],
  ['it is not there', {}, { ...german, isGenerated: false, isListed: false }, ['ensure: absent -> present']],
  ['it was never generated', {}, { ...german, isGenerated: false }, ['ensure: not generated -> present']],
  [
    'the next update would drop it',
    {},
    { ...german, isListed: false },
    ['ensure: not in locale.gen -> present'],
  ],
  [
    'it should be the default for some',
    { default: true, categories: ['LC_TIME'] },
    { ...german, defaults: new Map([['LANG', 'C']]) },
    ['LANG: C -> de_DE.UTF-8', 'LC_TIME: unset -> de_DE.UTF-8'],
  ],
  ['it should go', { ensure: 'absent' }, { ...german, isListed: false }, ['ensure: present -> absent']],
])('diff() when %s', (_, params, state, changes) => {
  const wanted = { id: 'locale:de_DE.UTF-8', title: 'de_DE.UTF-8', params, where: 'a.ts:1' } as const
  expect(locale.diff(wanted, state).map(({ property, from, to }) => `${property}: ${from} -> ${to}`)).toEqual(
    changes,
  )
})

test('applyMany() lists all, generates once, and sets the defaults after that', async () => {
  const files = new Map([
    ['/usr/sbin/locale-gen', ''],
    ['/usr/share/i18n/SUPPORTED', 'de_DE.UTF-8 UTF-8\nfr_FR.UTF-8 UTF-8\n'],
    ['/etc/locale.gen', '# de_DE.UTF-8 UTF-8\n'],
  ])
  const done: string[] = []
  const host = partialHost({
    exec: {
      run: async (argv) => {
        done.push(argv.join(' '))
        return { code: 0, signal: null, stdout: 'C\nde_DE.utf8\nfr_FR.utf8\n', stderr: '', timedOut: false }
      },
    },
    files: {
      realPath: (path) => path,
      exists: (path) => files.has(path),
      stat: (path) => (files.has(path) ? { ...regular, size: 1 } : undefined),
      read: (path) => Buffer.from(files.get(path) ?? ''),
      readLink: unused,
      list: unused,
      sha256: unused,
      sha512: unused,
    },
    write: {
      putFile: async (path, { content }) => {
        done.push(`write ${path}`)
        files.set(path, Buffer.from(content).toString())
      },
      fillFile: unused,
      putFiles: unused,
      putDirectory: unused,
      putLink: unused,
      setAttributes: unused,
      remove: unused,
    },
  })
  const steps = ['de_DE.UTF-8', 'fr_FR.UTF-8'].map((title) => {
    const actual: LocaleState = { isGenerated: false, isListed: false, defaults: new Map() }
    const params: LocaleParams = title.startsWith('de') ? { default: true } : {}
    const wanted: Wanted<LocaleParams> = { id: `locale:${title}`, title, params, where: 'a.ts:1' }
    return { wanted, actual, changes: locale.diff(wanted, actual) }
  })
  await locale.applyMany(host, steps)
  expect(files.get('/etc/locale.gen')).toBe('de_DE.UTF-8 UTF-8\nfr_FR.UTF-8 UTF-8\n')
  expect(files.get('/etc/default/locale')).toBe('LANG=de_DE.UTF-8\n')
  expect(done.filter((line) => !line.startsWith('locale -a'))).toEqual([
    'write /etc/locale.gen',
    'locale-gen --keep-existing',
    'write /etc/default/locale',
  ])
})

const regular = { kind: 'file', mode: 0o644, uid: 0, gid: 0, dev: 1, ino: 1, mtimeMs: 0, ctimeMs: 0 } as const
const unused = () => {
  throw new Error('not to be called')
}
