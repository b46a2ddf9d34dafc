import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { contain, exec, file, pkg, role, service } from '../index.ts'
import { compile } from '../testing.ts'
import { type Concat, type ConcatOptions, concat, type FragmentOptions, fragment } from './concat.ts'

const siteDir = mkdtempSync(join(tmpdir(), 'rekindle-concat-'))
afterAll(() => rmSync(siteDir, { recursive: true }))

function declaring(declare: () => void) {
  return compile(role('web', declare), { siteDir })
}

function contentOf(options: ConcatOptions, fragments: readonly FragmentOptions[] = []): string | undefined {
  return declaring(() => {
    const made = concat('/a', options)
    for (const one of fragments) fragment(made, one)
  }).find('file', '/a').content
}

describe('concat()', () => {
  it('is one ordinary file with its parameters', () => {
    const catalog = declaring(() => {
      fragment(concat('/a/', { mode: '0600', owner: 'root', validate: 'true %' }), { content: 'x\n' })
    })
    expect(catalog.ids).toEqual(['file:/a'])
    expect(catalog.find('file', '/a')).toMatchObject({
      content: 'x\n',
      params: { content: 'x\n', mode: '0600', owner: 'root', validate: 'true %' },
    })
  })

  it('is empty without fragments, and absent when told', () => {
    expect(contentOf({})).toBe('')
    expect(contentOf({ header: '# h' })).toBe('# h\n')
    expect(contentOf({ ensure: 'absent' }, [{ content: 'x' }])).toBeUndefined()
  })

  it('orders numbers by value, then strings, and equal ones as they are declared', () => {
    const piece = (order: number | string | undefined, content: string) =>
      order === undefined ? { content } : { content, order }
    const given = [
      ...[piece('b', 'sb'), piece(10, '10'), piece(9, '9'), piece(undefined, 'default')],
      ...[piece('a', 'sa'), piece(-1, '-1'), piece(10, '10 again'), piece(1.5, '1.5')],
    ]
    expect(contentOf({}, given)?.trimEnd().split('\n')).toEqual([
      '-1',
      '1.5',
      '9',
      '10',
      'default',
      '10 again',
      'sa',
      'sb',
    ])
  })

  it('puts separators between, and ends lines unless told not to', () => {
    const two = [{ content: 'a' }, { content: 'b\n' }]
    expect(contentOf({ separator: '--\n', header: '#' }, two)).toBe('#\na\n--\nb\n')
    expect(contentOf({ separator: ',', ensureNewline: false }, two)).toBe('a,b\n')
    expect(contentOf({}, [{ content: '' }, { content: 'b' }])).toBe('b\n')
  })

  it('takes fragments inline and files of the site', () => {
    writeFileSync(join(siteDir, 'part.cfg'), 'from a file')
    expect(contentOf({ fragments: [{ content: 'b', order: 2 }] }, [{ source: 'part.cfg', order: 1 }])).toBe(
      'from a file\nb\n',
    )
  })
})

describe('fragment()', () => {
  it('may stand in any function, before and after others, and leaves what was declared in its order', () => {
    const more = (conf: Concat) => fragment(conf, { content: 'more', order: 20 })
    const catalog = declaring(() => {
      pkg('haproxy')
      const conf = concat('/a')
      service('haproxy', { ensure: 'running', subscribe: conf })
      more(conf)
      fragment(conf, { content: 'first', order: 1 })
      file('/b', { content: `see ${conf}` })
    })
    expect(catalog.ids).toEqual(['package:haproxy', 'file:/a', 'service:haproxy', 'file:/b'])
    expect(catalog.find('file', '/a').content).toBe('first\nmore\n')
    expect(catalog.find('service', 'haproxy').subscribe).toEqual(['file:/a'])
    expect(catalog.find('file', '/b').content).toBe('see /a')
  })

  it('hands its edges on to the file, each once', () => {
    const catalog = declaring(() => {
      const [tls, nginx] = [pkg('tls'), pkg('nginx')]
      const reload = exec('reload', { command: 'true', refreshOnly: true })
      const conf = concat('/a', { require: nginx })
      fragment(conf, { content: 'x', require: [nginx, tls], notify: reload })
      fragment(conf, { content: 'y', subscribe: tls, before: reload })
    })
    expect(catalog.find('file', '/a')).toMatchObject({
      require: ['package:nginx', 'package:tls'],
      notify: ['exec:reload'],
      subscribe: ['package:tls'],
      before: ['exec:reload'],
    })
  })

  it('in a container: the file waits for what the container waits for, and is a member of it', () => {
    const catalog = declaring(() => {
      const database = pkg('postgresql')
      const conf = concat('/a')
      const app = contain('app', { require: database }, () => fragment(conf, { content: 'x' }))
      service('app', { ensure: 'running', require: app })
    })
    expect(catalog.find('file', '/a')).toMatchObject({ require: ['package:postgresql'], tags: [] })
    expect(catalog.find('service', 'app').require).toEqual(['file:/a'])
  })

  it('lists what is wrong, at the fragment', () => {
    const wrong = (options: object) => () => contentOf({}, [options])
    expect(wrong({})).toThrow('Cannot declare a fragment of file "/a": it needs "content" or "source"')
    expect(wrong({ content: 'x', source: 'y' })).toThrow('and not both')
    expect(wrong({ content: 1 })).toThrow('parameter "content": wanted string')
    expect(wrong({ content: 'x', order: true })).toThrow('parameter "order": wanted a number or a string')
    expect(wrong({ content: 'x', mode: '0600' })).toThrow('unknown parameter "mode"')
    expect(wrong({ source: 'none.cfg' })).toThrow('the site has no readable file "none.cfg"')
    expect(wrong({ content: 'x' })).not.toThrow()
  })

  it('is refused for a concat of another compile, and for a file', () => {
    const kept: Concat[] = []
    declaring(() => kept.push(concat('/a')))
    const [old] = kept
    if (old === undefined) throw new Error('no concat')
    expect(() => declaring(() => fragment(old, { content: 'x' }))).toThrow('given no concat of this compile')
    // @ts-expect-error a file takes no fragments
    expect(() => declaring(() => fragment(file('/a', {}), { content: 'x' }))).toThrow(
      'no concat of this compile',
    )
  })
})
