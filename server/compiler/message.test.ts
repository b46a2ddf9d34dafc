import { describe, expect, it } from 'vitest'
import { readAnswer } from './message.ts'

const resource = { id: 'package:nginx', type: 'package', title: 'nginx', params: {}, where: 'site.ts:3' }
const compiled = {
  type: 'compiled',
  resources: [resource],
  blobs: new Map([['00', new Uint8Array(2)]]),
  reads: [{ kind: 'value', path: ['facts'] }],
  uses: { files: [], code: ['site.ts'], layers: [], readsFor: [] },
  factProblems: [{ fact: 'rack', source: 'site.ts:3', reason: 'bad', kept: false }],
  warnings: [{ message: 'x', where: null, hint: null }],
}

describe('readAnswer()', () => {
  it('takes what a sandbox says', () => {
    expect(readAnswer(compiled)).toBe(compiled)
    const checked = { type: 'checked', warnings: [], secrets: [] }
    expect(readAnswer(checked)).toBe(checked)
  })

  it.each([
    ['nothing', undefined],
    ['another type', { type: 'sudo' }],
    ['a resource without a place', { ...compiled, resources: [{ ...resource, where: undefined }] }],
    ['blobs that are no bytes', { ...compiled, blobs: new Map([['00', 'text']]) }],
    ['reads of another kind', { ...compiled, reads: [{ kind: 'guess', path: [] }] }],
    ['problems of facts without a reason', { ...compiled, factProblems: [{ fact: 'rack' }] }],
    ['warnings without words', { type: 'checked', warnings: [{}] }],
    ['problems without words', { type: 'refused', problems: [{ where: null, hint: null }] }],
    ['a manifest without pools', { type: 'loaded', manifest: { roles: [], hosts: [] } }],
  ])('refuses %s', (_, answer) => {
    expect(() => readAnswer(answer)).toThrow('Cannot read what the compile answered')
  })
})
