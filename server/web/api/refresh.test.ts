import { QueryClient, QueryObserver } from '@tanstack/react-query'
import { describe, expect, it } from 'vitest'
import { createRefresher, keysFor } from './refresh.ts'

describe('keysFor()', () => {
  it('has a drift stale the overview, the lists and its host', () => {
    expect(keysFor({ type: 'drift', host: 'web-1' })).toEqual([
      ['overview'],
      ['drift'],
      ['hosts'],
      ['host', 'web-1'],
    ])
  })

  it('has a rebuild stale itself', () => {
    expect(keysFor({ type: 'rebuild', id: 'b1' })).toContainEqual(['rebuild', 'b1'])
  })

  it('asks for nothing on progress', () => {
    expect(keysFor({ type: 'progress', host: 'web-1', progress: { done: 1, total: 2 } })).toEqual([])
  })
})

describe('createRefresher()', () => {
  it('asks once more after a storm, and never twice at once', async () => {
    const client = new QueryClient()
    const answers: (() => void)[] = []
    let asked = 0
    const observer = new QueryObserver(client, {
      queryKey: ['overview'],
      queryFn: () => {
        asked += 1
        return new Promise<number>((resolve) => answers.push(() => resolve(asked)))
      },
    })
    const seen: (number | undefined)[] = []
    const waiters: (() => void)[] = []
    const stop = observer.subscribe(({ data, fetchStatus }) => {
      if (fetchStatus !== 'idle') return
      seen.push(data)
      waiters.shift()?.()
    })
    const settled = async () => {
      const { promise, resolve } = Promise.withResolvers<void>()
      waiters.push(resolve)
      answers.shift()?.()
      await promise
    }
    await settled()
    const refresh = createRefresher(client)
    for (let i = 0; i < 50; i += 1) refresh([['overview']])
    expect(asked).toBe(2)
    await settled()
    await expect.poll(() => asked).toBe(3)
    await settled()
    expect(seen).toEqual([1, 2, 3])
    stop()
    client.clear()
  })
})
