import { expect, it } from 'vitest'
import { contain } from './contain.ts'
import { exec } from './resource/exec.ts'
import { file } from './resource/file.ts'
import { role } from './role.ts'
import { compile } from './testing.ts'

const text = { content: 'x' }

it('contain() can be required and notified as a whole, nested members too (G7, G8)', () => {
  const catalog = compile(
    role('r', () => {
      const app = contain('app', () => {
        file('/a', text)
        contain('inner', () => {
          file('/b', text)
        })
      })
      exec('after', { command: ['true'], require: app })
      exec('before', { command: ['true'], notify: app })
    }),
  )
  expect(catalog.find('exec', 'after').require).toEqual(['file:/a', 'file:/b'])
  expect(catalog.find('exec', 'before').notify).toEqual(['file:/a', 'file:/b'])
})

it('contain() hands its metaparameters to its members, which add to edges and tags and override the rest', () => {
  const catalog = compile(
    role('r', () => {
      const first = file('/first', text)
      const second = file('/second', text)
      contain('app', { require: first, noop: true, tags: ['slow'] }, () => {
        file('/a', { ...text, require: second, tags: ['mine'] })
        file('/b', { ...text, noop: false })
      })
    }),
  )
  expect(catalog.find('file', '/a')).toMatchObject({
    require: ['file:/second', 'file:/first'],
    tags: ['mine', 'slow', 'app'],
    noop: true,
  })
  expect(catalog.find('file', '/b')).toMatchObject({ require: ['file:/first'], noop: false })
})

it('contain() takes a role', () => {
  const base = role('base', () => {
    file('/base', text)
  })
  const catalog = compile(
    role('web', () => {
      exec('after', { command: ['true'], require: contain(base) })
    }),
  )
  expect(catalog.ids).toEqual(['file:/base', 'exec:after'])
  expect(catalog.find('file', '/base').tags).toEqual(['base'])
})

it.each([
  [{ audit: ['mood'] }, 'parameter "audit": wanted true or a list of its parameters, found ["mood"]'],
  [{ schedule: { range: '25:00-26:00' } }, 'parameter "schedule": /range: wanted'],
  [{ schedule: { timeZone: 'Mars/Olympus' } }, 'wanted a name of the IANA database'],
  [{ schedule: {} }, 'parameter "schedule"'],
])('a resource with %j is refused', (metaparams, message) => {
  const wrong = role('r', () => {
    file('/a', { ...text, ...(metaparams as object) })
  })
  expect(() => compile(wrong)).toThrow(message)
})
