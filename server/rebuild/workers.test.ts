import { expect, it } from 'vitest'
import { createWorkers } from './workers.ts'

it('does the work of one key one after the other, and once more for pokes while it was busy', async () => {
  const gate = Promise.withResolvers<void>()
  let active = 0
  let most = 0
  let done = 0
  const workers = createWorkers({
    async work() {
      active += 1
      most = Math.max(most, active)
      await gate.promise
      active -= 1
      done += 1
      return false
    },
    onProgress: () => undefined,
    onError: () => undefined,
  })
  for (let pokes = 0; pokes < 5; pokes += 1) workers.poke('a')
  gate.resolve()
  await workers.idle()
  expect({ most, done }).toEqual({ most: 1, done: 2 })
})

it('works on different keys side by side', async () => {
  const started: string[] = []
  const gate = Promise.withResolvers<void>()
  const workers = createWorkers({
    async work(key) {
      started.push(key)
      await gate.promise
      return false
    },
    onProgress: () => undefined,
    onError: () => undefined,
  })
  workers.poke('a')
  workers.poke('b')
  expect(started).toEqual(['a', 'b'])
  gate.resolve()
  await workers.idle()
})

it('tells of progress after the key is free, and of errors with their key', async () => {
  const told: string[] = []
  const workers = createWorkers({
    async work(key) {
      if (key === 'bad') throw new Error('broken')
      return key === 'further'
    },
    onProgress: () => told.push('progress'),
    onError: (key, error) => told.push(`${key}: ${String(error)}`),
  })
  for (const key of ['further', 'idle', 'bad']) workers.poke(key)
  await workers.idle()
  expect(told.toSorted()).toEqual(['bad: Error: broken', 'progress'])
})
