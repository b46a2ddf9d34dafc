import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { escapeField, type FstabEntry, parseFstab, setFstabEntry, unescapeField } from './fstab.ts'

const text = [
  '# /etc/fstab: static file system information.',
  'UUID=c1b9d5a2-f162-11cf-9ece-0020afc76f16 /               ext4    errors=remount-ro 0       1',
  '/dev/sda5\tnone\tswap\tsw',
  '//nas/share  /mnt/a\\040b  cifs  credentials=/etc/cifs,nofail  0  0   # the share',
  '',
].join('\n')

const share: FstabEntry = {
  device: '//nas/share',
  path: '/mnt/a b',
  fstype: 'cifs',
  options: ['credentials=/etc/cifs', 'nofail'],
  dump: 0,
  pass: 0,
}
const isShare = ({ path }: FstabEntry) => path === share.path

test('parseFstab() leaves out comments, reads octal, and fills in what is short', () => {
  expect(parseFstab(text)).toEqual([
    {
      device: 'UUID=c1b9d5a2-f162-11cf-9ece-0020afc76f16',
      path: '/',
      fstype: 'ext4',
      options: ['errors=remount-ro'],
      dump: 0,
      pass: 1,
    },
    { device: '/dev/sda5', path: 'none', fstype: 'swap', options: ['sw'], dump: 0, pass: 0 },
    share,
  ])
})

describe('setFstabEntry()', () => {
  test('is the same text when the line is right, whatever its layout', () => {
    expect(setFstabEntry(text, isShare, share)).toBe(text)
  })

  test('changes the field that differs alone', () => {
    expect(setFstabEntry(text, isShare, { ...share, options: ['ro'] })).toBe(
      text.replace('credentials=/etc/cifs,nofail', 'ro'),
    )
  })

  test('adds fields to a short line', () => {
    const swap = { device: '/dev/sda5', path: 'none', fstype: 'swap', options: ['sw'], dump: 0, pass: 0 }
    const isSwap = ({ device }: FstabEntry) => device === swap.device
    expect(setFstabEntry(text, isSwap, { ...swap, options: ['sw', 'pri=5'] })).toBe(
      text.replace('swap\tsw', 'swap\tsw,pri=5\t0\t0'),
    )
  })

  test('keeps a comment behind a line, also a short one', () => {
    const line = '/dev/x  /mnt/x   auto noauto   # mine\n'
    const [entry] = parseFstab(line)
    expect(entry).toMatchObject({ options: ['noauto'], dump: 0, pass: 0 })
    if (entry === undefined) throw new Error('no entry')
    expect(setFstabEntry(line, () => true, { ...entry, pass: 2 })).toBe(
      '/dev/x  /mnt/x   auto noauto\t0\t2   # mine\n',
    )
  })

  test('puts a new line at the end, after one that has no line end', () => {
    expect(setFstabEntry('# none', isShare, share)).toBe(
      '# none\n//nas/share\t/mnt/a\\040b\tcifs\tcredentials=/etc/cifs,nofail\t0\t0\n',
    )
  })

  test('takes further lines of the same mount point away, and all of them without an entry', () => {
    const twice = `${text}/dev/sdz /mnt/a\\040b ext4 defaults 0 0\n`
    expect(setFstabEntry(twice, isShare, share)).toBe(text)
    expect(parseFstab(setFstabEntry(twice, isShare, undefined)).map(({ path }) => path)).toEqual([
      '/',
      'none',
    ])
  })
})

const name = fc.stringMatching(/^[A-Za-z0-9 \t\\#=/_.-]{1,12}$/).filter((one) => one.trim() !== '')
const entries: fc.Arbitrary<FstabEntry> = fc.record({
  device: name,
  path: name.map((one) => `/mnt/${one.replaceAll('/', '_')}`),
  fstype: fc.constantFrom('ext4', 'tmpfs', 'none'),
  options: fc.uniqueArray(fc.constantFrom('ro', 'nofail', 'size=1m', 'bind'), { minLength: 1 }),
  dump: fc.integer({ min: 0, max: 1 }),
  pass: fc.integer({ min: 0, max: 2 }),
})
const foreign = fc.array(
  fc.oneof(
    fc.constantFrom('', '# a  comment', 'short', '  \t'),
    fc.stringMatching(/^\/dev\/[a-z]{1,4} +\/srv\/[a-z]{1,4}\t+xfs( ro( # [a-z]{1,3})?)?$/),
  ),
)

test('setFstabEntry() is idempotent, is read back, and leaves every other line, whatever is there', () => {
  fc.assert(
    fc.property(foreign, entries, entries, (lines, first, second) => {
      const isIt = ({ path }: FstabEntry) => path === first.path
      const before = lines.join('\n')
      const once = setFstabEntry(before, isIt, first)
      const edited = setFstabEntry(once, isIt, { ...second, path: first.path })
      expect(parseFstab(once).filter(isIt)).toEqual([first])
      expect(parseFstab(edited).filter(isIt)).toEqual([{ ...second, path: first.path }])
      expect(setFstabEntry(edited, isIt, { ...second, path: first.path })).toBe(edited)
      expect(edited.split('\n').slice(0, lines.length)).toEqual(
        lines.length === 0 ? [] : expect.arrayContaining(lines.slice(0, -1)),
      )
      expect(setFstabEntry(edited, isIt, undefined).trimEnd()).toBe(before.trimEnd())
    }),
  )
})

test('escapeField() and unescapeField() are each other', () => {
  fc.assert(
    fc.property(fc.string(), (field) => {
      expect(unescapeField(escapeField(field))).toBe(field)
    }),
  )
  expect(escapeField('a b\tc\\d')).toBe('a\\040b\\011c\\134d')
})
