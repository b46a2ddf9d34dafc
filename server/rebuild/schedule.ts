/** Cron schedules of pools: which are wanted follows the site, so they are compared again whenever the loop looks. */
import { schedule, validate } from 'node-cron'
import type { Pool } from '../../schemas/generated/types.ts'

export type Cron = (expression: string, tick: () => void) => { stop(): void }

/** Times in the server's time zone. An expression that is none never ticks. */
export const nodeCron: Cron = (expression, tick) => {
  if (!validate(expression)) return { stop: () => undefined }
  const task = schedule(expression, tick)
  return { stop: () => void task.destroy() }
}

export interface Schedules {
  /** Starts and stops schedules so that they are those of the pools. */
  follow(pools: readonly Pool[]): void
  stop(): void
}

export function createSchedules(cron: Cron, due: (pool: string) => void): Schedules {
  const running = new Map<string, { readonly expression: string; stop(): void }>()
  return {
    follow(pools) {
      const wanted = new Map(
        pools.flatMap(({ name, schedule }) => (schedule === undefined ? [] : [[name, schedule]])),
      )
      for (const [pool, { expression, stop }] of running) {
        if (wanted.get(pool) === expression) continue
        stop()
        running.delete(pool)
      }
      for (const [pool, expression] of wanted) {
        if (running.has(pool)) continue
        const task = cron(expression, () => due(pool))
        running.set(pool, { expression, stop: () => task.stop() })
      }
    },
    stop() {
      for (const { stop } of running.values()) stop()
      running.clear()
    },
  }
}
