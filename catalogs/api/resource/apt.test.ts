import { describe, expect, test } from 'vitest'
import { bookworm } from '../../../schemas/testing.ts'
import { complain, type TypeRule } from '../parameter.ts'
import type { ResourceTypeName } from '../reference.ts'
import { aptKeyRule, aptPinRule, aptSourceRule } from './apt.ts'

type Row = readonly [type: ResourceTypeName, title: string, params: object, rule: TypeRule]

const flat = { uris: 'https://example.org/flat', suites: './' }
const suite = { uris: 'https://example.org/debian', suites: ['bookworm'], components: ['main'] }
const print = '4D64 FEC1 19C2 0290 67D6  E791 F8D2 585B 8783 D481'

test.each<Row>([
  ['apt_source', 'example', flat, aptSourceRule],
  ['apt_source', 'example.org_x', { ...suite, key: 'example', architectures: ['amd64'] }, aptSourceRule],
  ['apt_source', 'example', { ...suite, options: { 'Check-Valid-Until': 'no' } }, aptSourceRule],
  ['apt_source', 'example', { content: 'Types: deb\n', verify: false }, aptSourceRule],
  ['apt_source', 'example', { ensure: 'absent' }, aptSourceRule],
  ['apt_source', '_example', { ensure: 'absent' }, aptSourceRule],
  ['apt_source', 'example', { ...suite, signedBy: bookworm }, aptSourceRule],
  ['apt_key', 'example', { content: bookworm, fingerprint: print }, aptKeyRule],
  ['apt_key', 'example', { source: 'key/x.gpg', fingerprint: ['a'.repeat(40), 'b'.repeat(64)] }, aptKeyRule],
  ['apt_key', 'example', { ensure: 'absent' }, aptKeyRule],
  ['apt_pin', 'x', { pin: 'release a=stable, n=bookworm', priority: 990 }, aptPinRule],
  ['apt_pin', 'x', { packages: ['nginx'], pin: 'version 5:24.*', priority: -1 }, aptPinRule],
])('%s %j takes %j', (type, title, params, rule) => {
  expect(complain({ type, title, params: { ...params }, rule })).toEqual([])
})

describe('refused at compile', () => {
  test.each<[...Row, said: string]>([
    ['apt_source', 'a b', flat, aptSourceRule, 'no name that apt reads'],
    ['apt_source', '.x', flat, aptSourceRule, 'no name that apt reads'],
    ['apt_source', '_', flat, aptSourceRule, 'no name that apt reads'],
    ['apt_source', 'ppa:x', flat, aptSourceRule, 'no name that apt reads'],
    ['apt_source', 'x', { suites: './' }, aptSourceRule, 'needs "uris"'],
    ['apt_source', 'x', { uris: 'http://a' }, aptSourceRule, 'needs "suites"'],
    ['apt_source', 'x', { uris: 'example.org', suites: './' }, aptSourceRule, '"uris"'],
    ['apt_source', 'x', { uris: 'http://a', suites: 'sid' }, aptSourceRule, 'needs "components"'],
    ['apt_source', 'x', { ...flat, components: ['main'] }, aptSourceRule, 'ends with a slash'],
    ['apt_source', 'x', { ...flat, key: 'a', signedBy: '/b' }, aptSourceRule, 'exclude each other'],
    ['apt_source', 'x', { ...flat, content: 'x' }, aptSourceRule, '"content" and "uris" exclude each other'],
    ['apt_source', 'x', { ...flat, options: { 'Signed By': 'x' } }, aptSourceRule, '"options'],
    ['apt_source', 'x', { ...flat, options: { Languages: 'x\nTrusted: yes' } }, aptSourceRule, '"options'],
    ['apt_source', 'x', { ...suite, suites: ['a\nTrusted: yes'] }, aptSourceRule, '"suites'],
    ['apt_key', 'a/b', { content: bookworm }, aptKeyRule, 'no name that apt reads'],
    ['apt_key', 'x', {}, aptKeyRule, 'needs "content" or "source"'],
    ['apt_key', 'x', { content: bookworm, source: 'a' }, aptKeyRule, 'exclude each other'],
    ['apt_key', 'x', { content: '<html>' }, aptKeyRule, 'is no public key'],
    ['apt_key', 'x', { content: bookworm, fingerprint: 'AB12' }, aptKeyRule, '"fingerprint"'],
    ['apt_key', 'x', { content: bookworm, fingerprint: 'a'.repeat(40) }, aptKeyRule, 'does not name'],
    ['apt_pin', 'x.conf', { pin: 'version 1', priority: 1 }, aptPinRule, 'no name that apt reads'],
    ['apt_pin', 'x', { priority: 1 }, aptPinRule, 'needs a "pin"'],
    ['apt_pin', 'x', { pin: 'origin a' }, aptPinRule, 'needs a "priority"'],
    ['apt_pin', 'x', { pin: 'origin a', priority: 0 }, aptPinRule, '"priority"'],
    ['apt_pin', 'x', { pin: 'origin a', priority: 40000 }, aptPinRule, '"priority"'],
    ['apt_pin', 'x', { pin: 'bookworm', priority: 1 }, aptPinRule, '"pin"'],
    ['apt_pin', 'x', { pin: 'version 1.*', priority: 1 }, aptPinRule, 'cannot be to a version'],
  ])('%s %j with %j', (type, title, params, rule, said) => {
    const messages = complain({ type, title, params: { ...params }, rule }).map(({ message }) => message)
    expect(messages.join('\n')).toContain(said)
  })
})
