import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type Paragraph, parseParagraphs, renderParagraph } from './deb822.ts'

/** /etc/apt/sources.list.d/debian.sources of an installed Debian. */
const debian = `# Modernized from /etc/apt/sources.list
Types: deb deb-src
URIs: http://deb.debian.org/debian/
Suites: bookworm
Components: main non-free-firmware
Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg

# Security
Types: deb
URIs: http://security.debian.org/debian-security/
Suites: bookworm-security
Components: main
Signed-By:
 -----BEGIN PGP PUBLIC KEY BLOCK-----
 .
 mDMEY865UxYJKwYBBAHaRw8BAQdAd7Z0srwuhlB6JKFkcf4HU4SSS/xcRfwEQWzr
 -----END PGP PUBLIC KEY BLOCK-----
`

test('parseParagraphs() reads what Debian writes, and leaves comments out', () => {
  const [main, security, ...more] = parseParagraphs(debian)
  expect(main?.map(([name]) => name)).toEqual(['Types', 'URIs', 'Suites', 'Components', 'Signed-By'])
  expect(security?.at(-1)).toEqual([
    'Signed-By',
    '-----BEGIN PGP PUBLIC KEY BLOCK-----\n\nmDMEY865UxYJKwYBBAHaRw8BAQdAd7Z0srwuhlB6JKFkcf4HU4SSS/xcRfwEQWzr\n-----END PGP PUBLIC KEY BLOCK-----',
  ])
  expect(more).toEqual([])
})

test.each(['deb http://deb.debian.org/debian bookworm main\n', ' continued: of nothing\n'])(
  'parseParagraphs() refuses %j',
  (text) => {
    expect(() => parseParagraphs(text)).toThrow('is no field')
  },
)

describe('renderParagraph()', () => {
  const line = fc.stringMatching(/^[!-~]([ -~]*[!-~])?$/).filter((text) => text !== '.')
  const value = fc
    .array(fc.oneof(line, fc.constant('')), { minLength: 1, maxLength: 4 })
    .map((lines) => lines.join('\n'))
  const usable = value.filter((text) => text === text.trim() && text !== '')
  const name = fc.stringMatching(/^[A-Z][A-Za-z-]*$/)

  test('is read back to the same fields', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(name, usable), { minLength: 1, maxLength: 5 }), (fields) => {
        expect(parseParagraphs(renderParagraph(fields as Paragraph))).toEqual([fields])
      }),
    )
  })
})
