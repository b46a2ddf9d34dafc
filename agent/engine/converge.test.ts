import { describe, expect, it } from 'vitest'
import { planNow } from './converge.ts'
import { statusOf } from './report.ts'
import { bench, type FakeMachine, fakeCatalog, noHost, summary } from './testing/fake.ts'

describe('converge()', () => {
  it('applies in the catalog’s order, and the second run changes nothing and writes nothing', async () => {
    const { machine, store, run } = bench()
    const catalog = fakeCatalog({ c: {}, a: {}, b: {} })
    expect(summary(await run(catalog))).toEqual([
      'c: changed intent',
      'a: changed intent',
      'b: changed intent',
    ])
    const [done, saves] = [[...machine.done], store.saves]
    const second = await run(catalog)
    expect(second.outcomes).toEqual([])
    expect(statusOf(second)).toBe('in-sync')
    expect(machine.done).toEqual(done)
    expect(store.saves).toBe(saves)
  })

  it('removes what a killed run has left before it does anything else, and in a no-op run leaves it', async () => {
    const { machine, run } = bench()
    const said: string[] = []
    machine.onAct = (act) => void said.push(act)
    const asides = { ...noHost.asides, clear: async () => void said.push('clear') }
    const host = { ...noHost, asides }
    await run(fakeCatalog({ a: {} }), { host, noop: true })
    await run(fakeCatalog({ a: {} }), { host })
    expect(said).toEqual(['clear', 'apply a'])
  })

  it('reads each type once when all is in sync', async () => {
    const { machine, run } = bench()
    const catalog = fakeCatalog({ a: {}, b: {}, c: {} })
    await run(catalog)
    machine.reads = 0
    await run(catalog)
    expect(machine.reads).toBe(1)
  })

  it('reads a resource again at its turn, since an earlier one may have changed it', async () => {
    const { machine, run } = bench()
    machine.onAct = (act) => {
      if (act === 'apply a') machine.values.set('b', 'on')
    }
    expect(summary(await run(fakeCatalog({ a: {}, b: {} })))).toEqual(['a: changed intent'])
  })

  it('skips what depends on a failure, transitively and by name, and converges the rest (G2)', async () => {
    const { machine, run } = bench()
    machine.faults.set('bad', 'apply')
    const result = await run(fakeCatalog({ bad: {}, a: { require: ['bad'] }, b: { require: ['a'] }, c: {} }))
    expect(summary(result)).toEqual(['bad: failed intent', 'a: skipped', 'b: skipped', 'c: changed intent'])
    expect(result.outcomes[2]?.skippedBecause).toEqual(['fake:bad'])
    expect(result.outcomes[0]?.error).toEqual({
      code: 'apply-failed',
      message: 'Cannot apply fake:bad: the tool said no',
      where: 'roles/test.ts:1',
    })
    expect(statusOf(result)).toBe('failed')
  })

  it('fails a resource whose change does not hold, and names the property', async () => {
    const { machine, run } = bench()
    machine.faults.set('a', 'does-not-hold')
    const [outcome] = (await run(fakeCatalog({ a: {} }))).outcomes
    expect(outcome?.error?.code).toBe('verify-failed')
    expect(outcome?.error?.message).toBe(
      'Cannot verify fake:a: after its change value of a is "other", not "on"',
    )
  })

  it('fails an unreadable resource alone (G14)', async () => {
    const { machine, run } = bench()
    machine.faults.set('a', 'read')
    const result = await run(fakeCatalog({ a: {}, b: {} }))
    expect(summary(result)).toEqual(['a: failed', 'b: changed intent'])
    expect(result.outcomes[0]?.error?.code).toBe('resource-unreadable')
  })

  it('applies an exec without a guard in every run, and never calls it drift', async () => {
    const { run } = bench()
    const catalog = fakeCatalog({ a: { unguarded: true } }, 'rebuild')
    expect(summary(await run(catalog))).toEqual(['a: changed intent'])
    expect(summary(await run(catalog))).toEqual(['a: changed intent'])
  })

  it('keeps what a change or a refresh told', async () => {
    const { machine, run } = bench()
    machine.tells = true
    const result = await run(fakeCatalog({ a: { notify: ['s'] }, s: {} }))
    expect(result.outcomes.map(({ output }) => output)).toEqual(['applied a', 'refreshed s'])
  })

  it('stops after the resource at hand, skips the rest and says so', async () => {
    const { machine, run } = bench()
    const stop = new AbortController()
    machine.onAct = () => stop.abort()
    const result = await run(fakeCatalog({ a: {}, b: {} }), { signal: stop.signal })
    expect(summary(result)).toEqual(['a: changed intent', 'b: skipped'])
    expect(result.error?.code).toBe('run-stopped')
  })

  it('tells each resource that it reaches', async () => {
    const told: string[] = []
    await bench().run(fakeCatalog({ a: {}, b: {} }), {
      onEvent: (event) =>
        told.push(
          event.type === 'resource-started'
            ? `${event.id} ${event.done}/${event.total}`
            : event.outcome.outcome,
        ),
    })
    expect(told).toEqual(['fake:a 0/2', 'changed', 'fake:b 1/2', 'changed'])
  })

  it('refuses to change anything that it cannot write down first', async () => {
    const { machine, store, run } = bench()
    store.save = () => {
      throw new Error('no space left on device')
    }
    const result = await run(fakeCatalog({ a: { notify: ['b'] }, b: {} }))
    expect(summary(result)).toEqual(['a: failed intent', 'b: skipped'])
    expect(machine.done).toEqual([])
    expect(result.outcomes[0]?.error?.message).toContain('no space left')
  })
})

describe('refresh', () => {
  it('reaches a subscriber once, after it has converged, however many notify it (E4)', async () => {
    const { machine, run } = bench()
    const result = await run(fakeCatalog({ a: { notify: ['s'] }, b: { notify: ['s'] }, s: {} }))
    expect(machine.done).toEqual(['apply a', 'apply b', 'apply s', 'refresh s'])
    expect(result.outcomes[2]?.refreshed).toEqual(['fake:a', 'fake:b'])
  })

  it('goes on to the subscribers of what was refreshed', async () => {
    const { machine, run } = bench()
    machine.values.set('s', 'on').set('t', 'on')
    await run(fakeCatalog({ a: { notify: ['s'] }, s: { notify: ['t'] }, t: {} }))
    expect(machine.done).toEqual(['apply a', 'refresh s', 'refresh t'])
  })

  it('that fails is owed to the next run, and skips dependents meanwhile', async () => {
    const { machine, run } = bench()
    machine.values.set('s', 'on')
    machine.faults.set('s', 'refresh')
    const catalog = fakeCatalog({ a: { notify: ['s'] }, s: {}, d: { require: ['s'] } })
    const first = await run(catalog)
    expect(summary(first)).toEqual(['a: changed intent', 's: failed', 'd: skipped'])
    expect(first.outcomes[1]?.error?.code).toBe('refresh-failed')
    machine.faults.clear()
    expect(summary(await run(catalog))).toEqual(['s: in-sync', 'd: changed intent'])
    expect(machine.done).toEqual(['apply a', 'refresh s', 'apply d'])
    expect((await run(catalog)).outcomes).toEqual([])
  })

  // Puppet forgets the refresh when it dies between a change and its subscriber's turn (PUPPET 1.11).
  it.each(['apply b', 'refresh s'])(
    'owed by a run that was killed before "%s" is done by the next',
    async (moment) => {
      const { machine, run } = bench()
      const catalog = fakeCatalog({ a: { notify: ['s'] }, b: {}, s: {} })
      machine.values.set('s', 'on')
      await runUntil(machine, moment, () => run(catalog))
      await run(catalog)
      expect(machine.done.filter((act) => act === 'refresh s')).toEqual(['refresh s'])
      expect((await run(catalog)).outcomes).toEqual([])
    },
  )

  it('is not owed for a change that failed and left everything as it was', async () => {
    const { machine, store, run } = bench()
    machine.values.set('s', 'on')
    machine.faults.set('a', 'apply')
    await run(fakeCatalog({ a: { notify: ['s'] }, s: {} }))
    expect([...store.memory.owed]).toEqual([])
  })

  it('is owed for a change that failed halfway', async () => {
    const { machine, store, run } = bench()
    machine.values.set('s', 'on')
    machine.faults.set('a', 'apply-halfway')
    await run(fakeCatalog({ a: { notify: ['s'] }, s: {} }))
    expect([...store.memory.owed]).toEqual([['fake:s', ['fake:a']]])
  })
})

describe('no-op', () => {
  it('changes nothing, remembers nothing, sends no refresh, and fails nothing that waits for a change', async () => {
    const { machine, store, run } = bench()
    machine.faults.set('b', 'read')
    const result = await run(fakeCatalog({ a: { notify: ['s'] }, b: { require: ['a'] }, s: {} }), {
      noop: true,
    })
    expect(summary(result)).toEqual(['a: pending intent', 'b: pending', 's: pending intent'])
    expect(statusOf(result)).toBe('pending')
    expect(machine.done).toEqual([])
    expect(store.saves).toBe(0)
  })

  it('of one resource leaves it, and its change refreshes nobody', async () => {
    const { machine, run } = bench()
    machine.values.set('s', 'on')
    const result = await run(fakeCatalog({ a: { noop: true, notify: ['s'] }, s: {}, b: {} }))
    expect(summary(result)).toEqual(['a: pending intent', 'b: changed intent'])
    expect(machine.done).toEqual(['apply b'])
  })

  it('does not reach what says noop: false (N3), and what it writes down is that alone', async () => {
    const { machine, store, run } = bench()
    machine.values.set('c', 'on')
    const catalog = fakeCatalog({ a: { noop: false }, b: {}, c: {} })
    const result = await run(catalog, { noop: true })
    expect(summary(result)).toEqual(['a: changed intent', 'b: pending intent'])
    expect(machine.done).toEqual(['apply a'])
    expect([...store.memory.converged.keys()]).toEqual(['fake:a'])
  })

  it('tells a refresh that is owed without doing it', async () => {
    const { machine, run } = bench()
    machine.values.set('s', 'on')
    machine.faults.set('s', 'refresh')
    const catalog = fakeCatalog({ a: { notify: ['s'] }, s: {} })
    await run(catalog)
    const result = await run(catalog, { noop: true })
    expect(result.outcomes[0]).toMatchObject({ outcome: 'pending', changes: [{ property: 'refresh' }] })
  })
})

describe('resources that are changed together', () => {
  const many = (specs: Readonly<Record<string, object>>) =>
    fakeCatalog(
      Object.fromEntries(Object.entries(specs).map(([title, spec]) => [title, { type: 'many', ...spec }])),
    )

  it('are handed over at once, and each has its own outcome and refresh', async () => {
    const { machine, run } = bench()
    const result = await run(many({ a: { notify: ['b'] }, c: {}, b: { require: ['c'] } }))
    expect(machine.done).toEqual(['together a c', 'apply a', 'apply c', 'apply b', 'refresh b'])
    expect(summary(result)).toEqual(['a: changed intent', 'c: changed intent', 'b: changed intent'])
  })

  it('are only those that differ, may be changed, and wait for nothing that failed', async () => {
    const { machine, run } = bench()
    machine.values.set('b', 'on')
    machine.faults.set('bad', 'apply')
    const result = await run(
      fakeCatalog({
        bad: {},
        a: { type: 'many' },
        b: { type: 'many' },
        c: { type: 'many', require: ['bad'] },
        d: { type: 'many', noop: true },
        e: { type: 'many', schedule: { period: 'never' } },
        f: { type: 'many' },
      }),
    )
    expect(machine.done).toEqual(['together a f', 'apply a', 'apply f'])
    expect(summary(result)).toEqual([
      'bad: failed intent',
      'a: changed intent',
      'c: skipped',
      'd: pending intent',
      'e: pending intent',
      'f: changed intent',
    ])
  })

  it('are taken one by one after a failure, so that only the one at fault fails', async () => {
    const { machine, run } = bench()
    machine.faults.set('b', 'apply')
    const result = await run(many({ a: {}, b: {}, c: {} }))
    expect(summary(result)).toEqual(['a: changed intent', 'b: failed intent', 'c: changed intent'])
    expect(result.outcomes[1]?.error?.message).toContain('the tool said no')
    expect(machine.done).toEqual(['together a b c', 'apply a', 'apply c'])
  })

  it('are read at once before and after, however many', async () => {
    const { machine, run } = bench()
    await run(many(Object.fromEntries(Array.from({ length: 50 }, (_, at) => [`r${at}`, {}]))))
    expect(machine.reads).toBe(2)
  })

  it('are together again behind others that were, as the files of a tree behind its directories', async () => {
    const { machine, run } = bench()
    await run(many({ a: {}, b: {}, c: { require: ['a'] }, d: { require: ['b'] } }))
    expect(machine.done.filter((act) => act.startsWith('together'))).toEqual(['together a b', 'together c d'])
  })

  it('owe their refreshes before any of them is changed', async () => {
    const { machine, store, run } = bench()
    machine.values.set('s', 'on')
    const catalog = fakeCatalog({
      a: { type: 'many', notify: ['s'] },
      b: { type: 'many', notify: ['s'] },
      s: {},
    })
    await runUntil(machine, 'apply a', () => run(catalog))
    expect(store.memory.owed.get('fake:s')).toEqual(['many:a', 'many:b'])
    await run(catalog)
    expect(machine.done.filter((act) => act === 'refresh s')).toEqual(['refresh s'])
  })
})

describe('schedule', () => {
  const day = 24 * 3_600_000

  it('withholds a change outside its range and says so; dependents go on, nothing fails (X10)', async () => {
    const { machine, run } = bench()
    const catalog = fakeCatalog({ a: { schedule: { range: '02:00-03:00' } }, b: { require: ['a'] } })
    const result = await run(catalog, { now: () => 0 })
    expect(summary(result)).toEqual(['a: pending intent', 'b: changed intent'])
    expect(result.outcomes[0]?.withheld).toBe('its schedule allows 02:00-03:00 UTC')
    expect(statusOf(result)).toBe('changed')
    expect(summary(await run(catalog, { now: () => 2.5 * 3_600_000 }))).toEqual(['a: changed intent'])
    expect(machine.done).toEqual(['apply b', 'apply a'])
  })

  it('lets a change happen once in its period', async () => {
    const { machine, run } = bench()
    const catalog = fakeCatalog({ a: { unguarded: true, schedule: { period: 'daily' } } })
    await run(catalog, { now: () => day })
    expect(summary(await run(catalog, { now: () => 1.5 * day }))).toEqual(['a: pending intent'])
    await run(catalog, { now: () => 2 * day })
    expect(machine.done).toEqual(['apply a', 'apply a'])
  })

  it('holds a refresh back until it is open, and loses none', async () => {
    const { machine, run } = bench()
    machine.values.set('s', 'on')
    const catalog = fakeCatalog({ a: { notify: ['s'] }, s: { schedule: { range: '02:00-03:00' } } })
    expect((await run(catalog, { now: () => 0 })).outcomes[1]).toMatchObject({
      outcome: 'pending',
      withheld: 'its schedule allows 02:00-03:00 UTC',
    })
    await run(catalog, { now: () => 2.5 * 3_600_000 })
    expect(machine.done).toEqual(['apply a', 'refresh s'])
  })
})

describe('audit', () => {
  it('of one parameter reports it and corrects the others', async () => {
    const { machine, run } = bench()
    const catalog = fakeCatalog({ a: { colour: 'red', audit: ['colour'] } })
    machine.values.set('a', 'off')
    machine.colours.set('a', 'blue')
    const result = await run(catalog)
    expect(result.outcomes[0]).toMatchObject({ outcome: 'changed', audited: ['colour'] })
    expect([machine.values.get('a'), machine.colours.get('a')]).toEqual(['on', 'blue'])
    const second = await run(catalog)
    expect(second.outcomes).toMatchObject([
      { outcome: 'pending', audited: ['colour'], changes: [{ property: 'colour', from: 'blue', to: 'red' }] },
    ])
  })

  it('of all of it never changes it, and skips nobody', async () => {
    const { machine, run } = bench()
    const result = await run(fakeCatalog({ a: { audit: true }, b: { require: ['a'] } }))
    expect(summary(result)).toEqual(['a: pending intent', 'b: changed intent'])
    expect(machine.done).toEqual(['apply b'])
  })
})

describe('a run by tag', () => {
  const catalog = fakeCatalog({
    a: { tags: ['web'], notify: ['s'] },
    b: { tags: ['web', 'slow'] },
    c: {},
    s: {},
  })

  it('leaves everything else unread and untold (G10)', async () => {
    const { machine, run } = bench()
    machine.faults.set('c', 'read')
    const result = await run(catalog, { selection: { tags: ['web'], skipTags: ['slow'] } })
    expect(summary(result)).toEqual(['a: changed intent'])
    expect(result.total).toBe(1)
  })

  it('takes a type’s name and a resource’s id for a tag', async () => {
    const { run } = bench()
    expect(summary(await run(catalog, { selection: { tags: ['fake:c'] } }))).toEqual(['c: changed intent'])
    expect((await run(catalog, { selection: { tags: ['fake'] } })).total).toBe(4)
  })

  // Puppet does not trigger it at all (G11).
  it('owes what it left out its refresh', async () => {
    const { machine, run } = bench()
    machine.values.set('s', 'on')
    await run(catalog, { selection: { tags: ['web'] } })
    expect(machine.done).toEqual(['apply a', 'apply b'])
    await run(catalog)
    expect(machine.done).toEqual(['apply a', 'apply b', 'apply c', 'refresh s'])
  })

  it('is not a word on the whole catalog, and forgets nothing of the rest', async () => {
    const { machine, store, run } = bench()
    await run(catalog)
    machine.values.set('c', 'edited')
    const changed = { ...catalog, revision: 'r2' }
    await run(changed, { selection: { tags: ['web'] } })
    expect(store.memory.catalog).not.toBe(JSON.stringify(changed))
    expect(summary(await run(changed))).toEqual(['c: changed drift'])
  })
})

describe('cause and policy', () => {
  it('calls it drift when the same parameters had converged before, and corrects it', async () => {
    const { machine, run } = bench()
    const catalog = fakeCatalog({ a: {} })
    await run(catalog)
    machine.values.set('a', 'edited')
    expect(summary(await run(catalog))).toEqual(['a: changed drift'])
  })

  // PUPPET 2.3, row 20 and after: what the agent itself left half done is not somebody else's drift.
  it('calls it intent when an earlier change to other parameters was left half done', async () => {
    const { machine, run } = bench()
    const [old, fresh] = [
      fakeCatalog({ a: { value: '1' } }, 'rebuild'),
      fakeCatalog({ a: { value: '2' } }, 'rebuild'),
    ]
    await run(old)
    machine.faults.set('a', 'apply-halfway')
    await run(fresh)
    machine.faults.clear()
    expect(summary(await run(old))).toEqual(['a: changed intent'])
  })

  it('stays drift over any number of no-op runs (PUPPET 2.3, rows 15 to 17)', async () => {
    const { machine, run } = bench()
    const catalog = fakeCatalog({ a: {} })
    await run(catalog)
    machine.values.set('a', 'edited')
    expect(summary(await run(catalog, { noop: true }))).toEqual(['a: pending drift'])
    expect(summary(await run(catalog, { noop: true }))).toEqual(['a: pending drift'])
    expect(summary(await run(catalog))).toEqual(['a: changed drift'])
  })

  it.each(['report', 'rebuild'] as const)(
    'under "%s" leaves drift, sends no refresh, skips nobody, and still applies what is new',
    async (policy) => {
      const { machine, run } = bench()
      await run(fakeCatalog({ a: { notify: ['s'] }, s: {} }, policy))
      machine.values.set('a', 'edited')
      machine.done.length = 0
      const result = await run(fakeCatalog({ a: { notify: ['s'] }, s: {}, n: { require: ['a'] } }, policy))
      expect(summary(result)).toEqual(['a: drifted drift', 'n: changed intent'])
      expect(machine.done).toEqual(['apply n'])
      expect(statusOf(result)).toBe('drifted')
    },
  )

  it('of a skipped resource is kept for the run that reaches it (PUPPET 2.3, row 21)', async () => {
    const { machine, run } = bench()
    const catalog = fakeCatalog({ a: {}, b: { require: ['a'] } })
    await run(catalog)
    machine.values.set('a', 'x').set('b', 'x')
    machine.faults.set('a', 'apply')
    expect(summary(await run(catalog))).toEqual(['a: failed drift', 'b: skipped'])
    machine.faults.clear()
    expect(summary(await run(catalog))).toEqual(['a: changed drift', 'b: changed drift'])
  })
})

describe('planNow()', () => {
  it('says what a run would do and does none of it', async () => {
    const { machine, store, prepare, run } = bench()
    await run(fakeCatalog({ a: {} }))
    machine.values.set('a', 'edited')
    const plan = await planNow(prepare(fakeCatalog({ a: {}, b: {} })), { host: noHost, memory: store })
    expect(plan.resources.map(({ id, action, cause }) => ({ id, action, cause }))).toEqual([
      { id: 'fake:a', action: 'change', cause: 'drift' },
      { id: 'fake:b', action: 'change', cause: 'intent' },
    ])
    expect(machine.done).toEqual(['apply a'])
  })
})

/** Begins a run and resolves when it comes to one act, at which it hangs for ever, as if the process were gone. */
function runUntil(machine: FakeMachine, moment: string, run: () => Promise<unknown>): Promise<void> {
  const reached = Promise.withResolvers<void>()
  machine.onAct = (act) => {
    if (act !== moment) return
    machine.onAct = () => {}
    reached.resolve()
    return new Promise(() => {})
  }
  void run()
  return reached.promise
}
