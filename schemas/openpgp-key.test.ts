import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { armorPublicKeys, plainFingerprint, readPublicKeys } from './openpgp-key.ts'
import { bookworm } from './testing.ts'

const bookwormPrint = '4D64FEC119C2029067D6E791F8D2585B8783D481'

/** The sample of RFC 9580, A.3 (version 6, without a checksum). */
const sample6 = `-----BEGIN PGP PUBLIC KEY BLOCK-----

xioGY4d/4xsAAAAg+U2nu0jWCmHlZ3BqZYfQMxmZu52JGggkLq2EVD34laPCsQYf
GwoAAABCBYJjh3/jAwsJBwUVCg4IDAIWAAKbAwIeCSIhBssYbE8GCaaX5NUt+mxy
KwwfHifBilZwj2Ul7Ce62azJBScJAgcCAAAAAK0oIBA+LX0ifsDm185Ecds2v8lw
gyU2kCcUmKfvBXbAf6rhRYWzuQOwEn7E/aLwIwRaLsdry0+VcallHhSu4RN6HWaE
QsiPlR4zxP/TP7mhfVEe7XWPxtnMUMtf15OyA51YBM4qBmOHf+MZAAAAIIaTJINn
+eUBXbki+PSAld2nhJh/LVmFsS+60WyvXkQ1wpsGGBsKAAAALAWCY4d/4wKbDCIh
BssYbE8GCaaX5NUt+mxyKwwfHifBilZwj2Ul7Ce62azJAAAAAAQBIKbpGG2dWTX8
j+VjFM21J0hqWlEg+bdiojWnKfA5AQpWUWtnNwDEM0g12vYxoWM8Y81W+bHBw805
I8kWVkXU6vFOi+HWvv/ira7ofJu16NnoUkhclkUrk0mXubZvyl4GBg==
-----END PGP PUBLIC KEY BLOCK-----
`

const read = (text: string) => readPublicKeys(Buffer.from(text))

describe('readPublicKeys()', () => {
  test.each([
    { title: "Debian's key for bookworm", text: bookworm, prints: [bookwormPrint] },
    {
      title: 'a key of version 6',
      text: sample6,
      prints: ['CB186C4F0609A697E4D52DFA6C722B0C1F1E27C18A56708F6525EC27BAD9ACC9'],
    },
    {
      title: 'two blocks, with words around them',
      text: `Our keys:\n${bookworm}and the newer\n${sample6}`,
      prints: [bookwormPrint, 'CB186C4F0609A697E4D52DFA6C722B0C1F1E27C18A56708F6525EC27BAD9ACC9'],
    },
    {
      title: 'armor with a comment, a byte order mark and carriage returns',
      text: `\u{feff}${bookworm.replace('BLOCK-----\n', 'BLOCK-----\nComment: x\n').replaceAll('\n', '\r\n')}`,
      prints: [bookwormPrint],
    },
  ])('gives the fingerprints of $title', ({ text, prints }) => {
    expect(read(text).fingerprints).toEqual(prints)
  })

  test('reads bytes as the text of them', () => {
    const { bytes } = read(bookworm)
    expect(bytes).toHaveLength(280)
    expect(readPublicKeys(bytes)).toEqual({ bytes, fingerprints: [bookwormPrint] })
  })

  test.each([
    { title: 'a web page', text: '<html>404</html>', says: 'there is no "-----BEGIN PGP' },
    { title: 'nothing', text: '', says: 'there is no "-----BEGIN PGP' },
    { title: 'a changed letter', text: bookworm.replace('mDME', 'mDMF'), says: 'checksum' },
    {
      title: 'a secret key',
      text: bookworm.replaceAll('PUBLIC', 'PRIVATE'),
      says: 'there is a private key block',
    },
    { title: 'no end', text: bookworm.slice(0, 400), says: 'there is no' },
  ])('refuses $title', ({ text, says }) => {
    expect(() => read(text)).toThrow(says)
  })

  test('refuses the bytes of a secret key, those of a message, and those that are cut off', () => {
    const { bytes } = read(bookworm)
    expect(() => readPublicKeys(Buffer.from([0x94, 1, 4]))).toThrow('secret key')
    expect(() => readPublicKeys(Buffer.from([0xcb, 1, 0]))).toThrow('a packet of type 11')
    expect(() => readPublicKeys(bytes.subarray(0, 279))).toThrow('cut off')
    expect(() => readPublicKeys(bytes.subarray(0, 52))).toThrow('cut off')
  })

  test('never takes anything else than an error for what is no key', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        try {
          expect(readPublicKeys(bytes).fingerprints.length).toBeGreaterThan(0)
        } catch (error) {
          expect(error).toBeInstanceOf(Error)
          expect(error).not.toBeInstanceOf(RangeError)
        }
      }),
    )
  })
})

test('armorPublicKeys() gives the text that gpg gives', () => {
  expect(armorPublicKeys(read(bookworm).bytes)).toBe(bookworm)
})

test('armorPublicKeys() is read back to the same bytes, whatever their length', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 190 }), (userId) => {
      const packet = Buffer.from([0xcd, userId.length, ...userId])
      const bytes = Buffer.concat([read(bookworm).bytes, packet])
      expect(Buffer.from(read(armorPublicKeys(bytes)).bytes).equals(bytes)).toBe(true)
    }),
  )
})

test('plainFingerprint() takes the spaces of people away', () => {
  expect(plainFingerprint('4d64 FEC1 19C2 0290 67D6  E791 F8D2 585B 8783 D481')).toBe(bookwormPrint)
})
