import { describe, expect, test } from 'vitest'
import { parsePin, renderPin } from './pin-text.ts'

describe('renderPin() and parsePin()', () => {
  test.each<{ params: Parameters<typeof renderPin>[0]; text: string }>([
    {
      params: { pin: 'release n=bookworm-backports', priority: 600 },
      text: 'Package: *\nPin: release n=bookworm-backports\nPin-Priority: 600\n',
    },
    {
      params: { packages: ['nginx', 'nginx-*'], pin: 'version 1.22.*', priority: -1, explanation: 'not yet' },
      text: 'Explanation: not yet\nPackage: nginx nginx-*\nPin: version 1.22.*\nPin-Priority: -1\n',
    },
  ])('of $params go both ways', ({ params, text }) => {
    expect(renderPin(params)).toBe(text)
    expect(parsePin(text)).toEqual(params)
  })
})

test.each([
  '',
  'nonsense\n',
  'Package: a\nPin: version 1\n',
  'Package: a\nPin: version 1\nPin-Priority: high\n',
  'Package: a\nPin: version 1\nPin-Priority: 5\n\nPackage: b\nPin: version 1\nPin-Priority: 5\n',
])('parsePin() gives nothing for %j', (text) => {
  expect(parsePin(text)).toBeUndefined()
})
