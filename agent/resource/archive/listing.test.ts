import { describe, expect, test } from 'vitest'
import { parseTarListing, parseZipLinks, wrongIn, zipPattern } from './listing.ts'

/** As GNU tar 1.34 prints it where bytes are no characters of the locale, and where they are. */
const printed = String.raw`drwxr-xr-x 0/0               0 2026-11-23 17:55 "a/"
lrwxrwxrwx 0/0               0 2026-11-23 17:55 "a/l -> m" -> "../../x"
prw-r--r-- 0/0               0 2026-11-23 17:55 "a/pipe"
lrwxrwxrwx 0/0               0 2026-11-23 17:55 "a/q\"uote" -> "f"
crw-r--r-- 0/0             1,3 2026-11-23 17:55 "a/dev"
-rw-r--r-- 1000/1000         0 2026-11-23 17:55 "a/\303\274ü"
-rw-r--r-- 0/0               0 2026-11-23 17:55 "a/new\nline"
hrw-r--r-- 0/0               0 2026-11-23 17:55 "a/hard" link to "/etc/passwd"
-rw-r--r-- 0/0               0 2026-11-23 17:55 "a/back\\slash"
`

test('parseTarListing() has names as they are, and where links lead', () => {
  expect(parseTarListing(printed)).toEqual([
    { name: 'a/', kind: 'directory' },
    { name: 'a/l -> m', kind: 'symlink', target: '../../x' },
    { name: 'a/pipe', kind: 'other' },
    { name: 'a/q"uote', kind: 'symlink', target: 'f' },
    { name: 'a/dev', kind: 'device' },
    { name: 'a/üü', kind: 'file' },
    { name: 'a/new\nline', kind: 'file' },
    { name: 'a/hard', kind: 'hardlink', target: '/etc/passwd' },
    { name: 'a/back\\slash', kind: 'file' },
  ])
})

test('parseTarListing() gives a line that it does not understand', () => {
  const line = 'V--------- 0/0               0 2026-11-23 17:55 "tape"--Volume Header--'
  expect(parseTarListing(`${line}\n`)).toBe(line)
})

describe('wrongIn()', () => {
  const symlink = (name: string, target: string) => ({ name, kind: 'symlink', target }) as const
  test.each([
    ['nothing', [{ name: 'a/b', kind: 'file' }, symlink('a/l', 'b'), symlink('a/m', '../c')], 0, undefined],
    ['a name', [{ name: '../x', kind: 'file' }], 0, 'its entry "../x" leads out of the directory'],
    ['an absolute name', [{ name: '/x', kind: 'file' }], 0, 'its entry "/x" leads out of the directory'],
    ['a link', [symlink('a/l', '../../x')], 0, 'its link "a/l" leads out of the directory, to "../../x"'],
    ['an absolute link', [symlink('l', '/etc')], 0, 'its link "l" leads out of the directory, to "/etc"'],
    [
      'a link once its directory is dropped',
      [symlink('./a/l', '../x')],
      1,
      'its link "./a/l" leads out of the directory, to "../x"',
    ],
    [
      'a link by way of another',
      [symlink('a/b/up', '..'), symlink('l', 'a/b/up/../..')],
      0,
      'its link "l" leads out of the directory, to "a/b/up/../.."',
    ],
    [
      'a hard link',
      [{ name: 'h', kind: 'hardlink', target: '/etc/shadow' }],
      0,
      'its link "h" leads out of the directory, to "/etc/shadow"',
    ],
    ['a device', [{ name: 'd', kind: 'device' }], 0, 'its entry "d" is a device'],
  ] as const)('%s', (_title, entries, strip, reason) => {
    expect(wrongIn(entries, strip)).toBe(reason)
  })
})

describe('parseZipLinks()', () => {
  /** As unzip 6.00 prints it. */
  const listing = `Archive:  l.zip
Zip file size: 396 bytes, number of entries: 4
lrwxrwxrwx  2.0 unx        4 b- stor 80-Jan-01 00:00 dir [x]/link
-rw-r--r--  2.0 unx        5 b- stor 80-Jan-01 00:00 plain
drwxr-xr-x  2.0 unx        0 b- stor 80-Jan-01 00:00 dir/
-rw----     2.0 fat       12 b- defN 80-Jan-01 00:00 of DOS
4 files, 14 bytes uncompressed, 14 bytes compressed:  0.0%
`
  test('has the links alone', () => {
    expect(parseZipLinks('dir [x]/link\nplain\ndir/\nof DOS\n', listing)).toEqual(['dir [x]/link'])
  })
  test('has none when the two listings do not match', () => {
    expect(parseZipLinks('plain\n', listing)).toBeUndefined()
  })
  test('zipPattern() stands for the name alone', () => {
    expect(zipPattern('dir [x]/*?\\')).toBe('dir [[]x]/[*][?]\\\\')
  })
})
