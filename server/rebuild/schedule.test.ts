import { expect, it } from 'vitest'
import { createSchedules, nodeCron } from './schedule.ts'
import { pool } from './world.fixture.ts'

it('createSchedules() follows the pools: starts, leaves alone, changes and stops', () => {
  const log: string[] = []
  const due: string[] = []
  const ticks: (() => void)[] = []
  const schedules = createSchedules(
    (expression, tick) => {
      log.push(`start ${expression}`)
      ticks.push(tick)
      return { stop: () => log.push(`stop ${expression}`) }
    },
    (name) => due.push(name),
  )
  schedules.follow([pool({ name: 'a', schedule: '0 1 * * *' }), pool({ name: 'b' })])
  schedules.follow([pool({ name: 'a', schedule: '0 1 * * *' })])
  schedules.follow([pool({ name: 'a', schedule: '0 2 * * *' })])
  schedules.stop()
  expect(log).toEqual(['start 0 1 * * *', 'stop 0 1 * * *', 'start 0 2 * * *', 'stop 0 2 * * *'])
  ticks[0]?.()
  expect(due).toEqual(['a'])
})

it('nodeCron() ticks, and stops', async () => {
  const ticked = Promise.withResolvers<void>()
  const task = nodeCron('* * * * * *', () => ticked.resolve())
  await ticked.promise
  task.stop()
})

it('nodeCron() never ticks for what is no expression', () => {
  expect(() => nodeCron('every tuesday', () => undefined).stop()).not.toThrow()
})
