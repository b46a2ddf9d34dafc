import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { inspect } from './inspect.ts'

const stateDir = join(tmpdir(), 'rekindle-none')

it('what is not there hints at the list of all, where there is one, and at what is near', async () => {
  await expect(inspect('user', 'rooot', { stateDir })).rejects.toMatchObject({
    hint: 'Did you mean "root"? List them all: rekindle inspect user',
  })
  await expect(inspect('file', '/none/such', { stateDir })).rejects.toMatchObject({
    message: 'Cannot inspect file "/none/such": this host has none of that name',
    hint: undefined,
  })
})

it('files without a path hint at one that is named', async () => {
  await expect(inspect('file', undefined, { stateDir })).rejects.toMatchObject({
    hint: 'rekindle inspect file /etc/motd',
  })
})
