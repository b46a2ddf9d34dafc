import { describe, expect, test } from 'vitest'
import { parseSource, parseSourceList, renderSource } from './source-text.ts'

const plain = { uris: 'https://example.org/debian', suites: 'bookworm', components: ['main'] }

describe('renderSource()', () => {
  test.each<{ params: Parameters<typeof renderSource>[0]; more: readonly string[] }>([
    { params: plain, more: [] },
    { params: { ...plain, key: 'shop' }, more: ['Signed-By: /etc/apt/keyrings/shop.gpg'] },
    {
      params: { ...plain, signedBy: '/usr/share/keyrings/x.gpg' },
      more: ['Signed-By: /usr/share/keyrings/x.gpg'],
    },
    {
      params: { ...plain, signedBy: '-----BEGIN PGP PUBLIC KEY BLOCK-----\r\n\r\nmDME\r\n-----END\r\n' },
      more: ['Signed-By:', ' -----BEGIN PGP PUBLIC KEY BLOCK-----', ' .', ' mDME', ' -----END'],
    },
    { params: { ...plain, enabled: true }, more: [] },
    { params: { ...plain, enabled: false, trusted: false }, more: ['Enabled: no', 'Trusted: no'] },
    {
      params: {
        ...plain,
        architectures: ['amd64', 'arm64'],
        trusted: true,
        options: { 'Check-Valid-Until': 'no' },
      },
      more: ['Architectures: amd64 arm64', 'Trusted: yes', 'Check-Valid-Until: no'],
    },
  ])('of $params adds $more', ({ params, more }) => {
    const common = ['Types: deb', 'URIs: https://example.org/debian', 'Suites: bookworm', 'Components: main']
    expect(renderSource(params)).toBe([...common, ...more, ''].join('\n'))
    expect(renderSource(parseSource(renderSource(params)))).toBe(renderSource(params))
  })

  test('takes several of each, and a path in place of suite and components', () => {
    expect(
      renderSource({
        uris: ['https://a/', 'https://b/'],
        suites: ['x', 'y'],
        components: ['m'],
        types: ['deb', 'deb-src'],
      }),
    ).toBe('Types: deb deb-src\nURIs: https://a/ https://b/\nSuites: x y\nComponents: m\n')
    expect(renderSource({ uris: 'http://a/', suites: './' })).toBe(
      'Types: deb\nURIs: http://a/\nSuites: ./\n',
    )
  })
})

describe('parseSource()', () => {
  test('gives parameters where they give the same text', () => {
    expect(parseSource(renderSource({ ...plain, trusted: true }))).toEqual({ ...plain, trusted: true })
  })

  test.each([
    { title: 'two sources', text: `${renderSource(plain)}\n${renderSource(plain)}` },
    { title: 'a comment', text: `# why\n${renderSource(plain)}` },
    { title: 'another order', text: 'URIs: http://a/\nTypes: deb\nSuites: ./\n' },
    { title: 'what apt would refuse', text: 'nonsense\n' },
    { title: 'nothing', text: '' },
  ])('gives the text of $title, which says more than parameters', ({ text }) => {
    expect(parseSource(text)).toEqual({ content: text })
  })
})

describe('parseSourceList()', () => {
  test.each<{ text: string; source: ReturnType<typeof parseSourceList> }>([
    { text: '# deb http://a/ x main\n\n', source: undefined },
    { text: 'deb https://example.org/debian bookworm main # why\n', source: plain },
    { text: 'deb http://a/ ./\n', source: { uris: 'http://a/', suites: './' } },
    {
      text: 'deb-src [arch=amd64,arm64 signed-by=/k.gpg trusted=yes check-valid-until=no] https://a/ x m n\n',
      source: {
        uris: 'https://a/',
        suites: 'x',
        components: ['m', 'n'],
        types: ['deb-src'],
        architectures: ['amd64', 'arm64'],
        signedBy: '/k.gpg',
        trusted: true,
        options: { 'Check-Valid-Until': 'no' },
      },
    },
    {
      text: 'deb http://a/ x main\ndeb-src http://a/ x main\n',
      source: {
        content:
          'Types: deb\nURIs: http://a/\nSuites: x\nComponents: main\n\nTypes: deb-src\nURIs: http://a/\nSuites: x\nComponents: main\n',
      },
    },
  ])('of $text', ({ text, source }) => {
    expect(parseSourceList(text)).toEqual(source)
  })
})
