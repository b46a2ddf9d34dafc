import { expect, it } from 'vitest'
import { isLoopback, parseListen, renderUrl } from './listen.ts'

it.each([
  ['127.0.0.1:8141', { host: '127.0.0.1', port: 8141 }],
  ['[::1]:0', { host: '::1', port: 0 }],
  ['rekindle.example:443', { host: 'rekindle.example', port: 443 }],
])('parseListen() reads %s', (text, wanted) => {
  expect(parseListen(text, 'agentListen')).toEqual(wanted)
  expect(renderUrl('https', wanted)).toBe(`https://${text}`)
})

it.each(['', '127.0.0.1', ':8140', '::1:8140', '127.0.0.1:99999', '127.0.0.1:x', 'a b:1'])(
  'parseListen() refuses %j and names the field',
  (text) => {
    expect(() => parseListen(text, 'pageListen')).toThrow(/"pageListen"/)
  },
)

it.each([
  ['127.0.0.1', true],
  ['127.9.9.9', true],
  ['::1', true],
  ['localhost', true],
  ['0.0.0.0', false],
  ['::', false],
  ['198.18.77.1', false],
  ['localhost.example', false],
])('isLoopback(%j) is %j', (host, wanted) => {
  expect(isLoopback(host)).toBe(wanted)
})
