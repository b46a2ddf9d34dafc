import { expect, it } from 'vitest'
import { parseRemoteUrl } from './url.ts'

it.each([
  ['https://example.org/site.git', 'https:ssh', false],
  ['https://token@example.org/site.git', 'https:ssh', false],
  ['ssh://git@example.org:2222/site.git', 'https:ssh', false],
  ['git@example.org:fleet/site.git', 'https:ssh', false],
  ['example.org:site.git', 'https:ssh', false],
  ['http://example.org/site.git', 'http:https:ssh', true],
  ['git://example.org/site.git', 'git:https:ssh', true],
  ['file:///srv/site.git', 'file', false],
  ['/srv/site.git', 'file', false],
])('parseRemoteUrl() lets %s use %s', (url, transports, isPlain) => {
  expect(parseRemoteUrl(url)).toEqual({ url, transports, isPlain })
})

it.each([
  'ext::sh -c touch% /tmp/mark',
  'fd::17',
  '::x',
  'https::https://example.org/site.git',
  '--upload-pack=touch /tmp/mark',
  '-oProxyCommand=evil:x',
  'site.git',
  '../site.git',
  'ftp://example.org/site.git',
  'https://example.org/site.git\nother',
  '',
])('parseRemoteUrl() refuses %j', (url) => {
  expect(() => parseRemoteUrl(url)).toThrow('Cannot follow the repository')
})

it('parseRemoteUrl() refuses a password, and does not repeat it', () => {
  expect(() => parseRemoteUrl('https://ann:hunter2@example.org/site.git')).toThrow(
    expect.objectContaining({
      message: expect.not.stringContaining('hunter2'),
      wanted: expect.stringContaining('tokenFile'),
    }),
  )
})
