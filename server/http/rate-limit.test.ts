import { expect, it } from 'vitest'
import { createRateLimit } from './rate-limit.ts'

const settings = { limit: 2, windowMs: 100, what: 'refusals' }

it('createRateLimit() refuses a key that had its share, until its window ends, and no other key', () => {
  const rate = createRateLimit(settings)
  rate.count('a', 0)
  rate.count('a', 50)
  expect(() => rate.check('a', 99)).toThrow(/more than 2 refusals from a/)
  rate.check('b', 99)
  rate.check('a', 100)
})

it('createRateLimit() forgives what turned out well', () => {
  const rate = createRateLimit(settings)
  for (let index = 0; index < 10; index += 1) {
    rate.check('a', index)
    rate.count('a', index)
    rate.forgive('a')
  }
  rate.check('a', 10)
})
