import { createHash } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import type { Facts } from '../../schemas/generated/types.ts'
import { collect } from './context.ts'
import { exec } from './resource/exec.ts'
import { file } from './resource/file.ts'
import { notify } from './resource/flow.ts'
import { role } from './role.ts'
import { sampleFacts } from './sample.ts'
import { secret } from './secret.ts'

function declared(body: () => void, facts: Facts = sampleFacts('web-1')) {
  const trusted = { incarnation: 1, pool: 'web', attributes: {} }
  return collect([role('web', body)], { siteDir: '/site', host: 'web-1', trusted, facts })
}

describe('secret()', () => {
  it('becomes a place, and a text for people, in a content', () => {
    const { declarations, mistakes } = declared(() => {
      file('/etc/db.conf', { content: `user = app\npassword = ${secret('db/password')}\n` })
    })
    expect(mistakes).toEqual([])
    const [conf] = declarations
    expect(Buffer.from(conf?.bytes ?? []).toString()).toBe('user = app\npassword = [secret db/password]\n')
    expect(conf?.secrets).toEqual([
      { at: '/blob', pieces: ['user = app\npassword = ', { secret: 'db/password' }, '\n'] },
    ])
    expect(conf?.params.content).toBe('user = app\npassword = [secret db/password]\n')
  })

  it('becomes places in parameters at any depth, several in one text', () => {
    const { declarations, mistakes } = declared(() => {
      exec('load', {
        command: ['/bin/load'],
        env: { 'A/B~': `${secret('one')}:${secret('two')}:${secret('one')}` },
      })
    })
    expect(mistakes).toEqual([])
    expect(declarations[0]?.secrets).toEqual([
      {
        at: '/env/A~1B~0',
        pieces: [{ secret: 'one' }, ':', { secret: 'two' }, ':', { secret: 'one' }],
      },
    ])
  })

  it('leaves a role without secrets as it was', () => {
    const { declarations } = declared(() => void file('/etc/motd', { content: 'hello\n' }))
    expect(declarations[0]).not.toHaveProperty('secrets')
  })

  it.each<[string, () => void]>([
    ['in a title', () => void file(`/etc/${secret('a')}`, { content: 'x' })],
    ['in a tag', () => void file('/etc/a', { content: secret('a'), tags: [secret('a')] })],
    ['in capitals', () => void file('/etc/a', { content: `${secret('a')} ${secret('a').toUpperCase()}` })],
    ['cut short', () => void file('/etc/a', { content: `${secret('a')} ${secret('a').slice(0, 30)}` })],
    [
      'as the name of a variable',
      () => void exec('a', { command: ['/a', secret('a')], env: { [secret('a')]: '1' } }),
    ],
    ['in a message for people', () => void notify('a', { message: secret('a') })],
  ])('is refused %s', (_, body) => {
    const { mistakes } = declared(body)
    expect(mistakes.map(({ message }) => message)).toEqual([
      expect.stringMatching(/a secret stands where none may, or was changed on the way$/),
    ])
    // The mark itself is in no error.
    expect(JSON.stringify(mistakes)).not.toMatch(/[0-9a-f]{20}/)
  })

  it.each<[string, (text: string) => string]>([
    ['its hash', (text) => createHash('sha256').update(text).digest('hex')],
    ['an encoding of it', (text) => Buffer.from(text).toString('base64')],
    ['its length', (text) => String(text.length)],
  ])('is refused where only %s is used', (_, make) => {
    const { mistakes } = declared(() => void file('/etc/a', { content: make(secret('db/password')) }))
    expect(mistakes).toEqual([
      expect.objectContaining({ message: 'Cannot use secret "db/password": no resource has it' }),
    ])
  })

  it.each(['', '../up', 'a//b', '/a', 'a/.hidden', 'a b', 'x'.repeat(201)])('refuses the name %j', (name) => {
    const { mistakes } = declared(() => void file('/etc/a', { content: secret(name) }))
    expect(mistakes[0]?.message).toMatch(/^Cannot take secret .*: it is no name of a secret$/)
  })

  it('stands for nothing that a host could claim: a mark of one compile means nothing in another', () => {
    let stolen = ''
    declared(() => {
      stolen = secret('db/password')
      file('/etc/a', { content: stolen })
    })
    const facts = { ...sampleFacts('web-1'), hostname: stolen }
    const { declarations } = declared(() => {
      file('/etc/motd', { content: `this is ${facts.hostname}` })
      file('/etc/a', { content: secret('db/password') })
    }, facts)
    expect(declarations[0]?.secrets).toBeUndefined()
  })
})
