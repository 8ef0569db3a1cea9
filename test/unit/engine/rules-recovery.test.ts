/** R6, R10 and R11: timers in due order, recovery from every point, and a journal that gives the same again. */
import { assign, createMachine, emit, setup } from 'xstate'
import { describe, expect, it, vi } from 'vitest'
import { createRuntime, defineActor, durable, manualClock, memoryStore, tell, timeOf, type Fact, type Store } from '../../../runtime/index.ts'
import { StoreUnavailableError } from '../../../runtime/ports/store.ts'
import { decorated, deferred, refusal, rig, STAFF, thing, turn, typed } from './rig.ts'

const A = { type: 'thing', id: 'a' }
type Log = { context: { log: unknown[] }; events: { type: string; n?: number } }

describe('R6 timers', () => {
  it('after an outage they fire in due order, whoever they belong to', async () => {
    const order: string[] = []
    const machine = setup({ types: typed<{ context: { wait: number }; input: { wait: number } }>(), delays: { wait: ({ context }) => context.wait } }).createMachine({
      context: ({ input }) => ({ wait: input.wait }),
      initial: 'a',
      states: { a: { after: { wait: 'b' } }, b: { entry: emit({ type: 'fired' }) } },
    })
    const r = await rig(thing(machine))
    for (const [id, wait] of [['x', 300], ['y', 100], ['z', 200]] as const) await r.create({ wait }, id)
    r.runtime.kill()
    await r.clock.advance(10_000)
    const runtime = createRuntime({ actors: r.actors, store: r.store, clock: r.clock, sweepEveryMs: 0 })
    runtime.onFact((fact) => order.push(fact.address.id))
    await runtime.start()
    await runtime.settled()
    expect(order).toEqual(['y', 'z', 'x'])
    await runtime.stop()
  })

  it('a timer that nothing accepts goes with the step that says so', async () => {
    const machine = createMachine({ initial: 'a', states: { a: { after: { 10: { guard: () => false, target: 'b' } } }, b: {} } })
    const r = await rig(thing(machine))
    await r.create()
    await r.clock.advance(100)
    expect(await r.outcomes()).toEqual(['xstate.init applied', 'xstate.after.10.(machine).a ignored'])
    expect((await r.view()).timers).toEqual([])
  })

  it('more due timers than one page all fire, each once', async () => {
    const machine = createMachine({ initial: 'a', types: typed<{ context: { n: number } }>(), context: { n: 0 }, states: { a: { after: { 10: { target: 'b', actions: assign({ n: ({ context }) => context.n + 1 }) } } }, b: {} } })
    const r = await rig(thing(machine), { limits: { mailbox: 10_000, waiting: 100_000 } })
    await Promise.all([...Array(2_100).keys()].map((i) => r.runtime.create({ type: 'thing', id: `a${i}` })))
    await r.clock.advance(10)
    const counts = await r.runtime.stateCounts()
    expect(counts).toEqual([{ type: 'thing', state: 'b', status: 'active', count: 2_100 }])
    expect([...r.store.tables.actors.values()].every(({ seq }) => seq === 2)).toBe(true)
  })

  it('a timer armed while the table is read is not missed', async () => {
    const memory = memoryStore()
    const reading = deferred()
    let isSlow = false
    const store = decorated(memory, {
      dueTimers: async (query) => {
        const page = await memory.dueTimers(query)
        if (isSlow) await reading.promise
        return page
      },
    })
    const machine = createMachine({ initial: 'a', states: { a: { on: { go: 'b' } }, b: { after: { 1500: 'c' } }, c: {} } })
    const r = await rig(thing(machine), { store })
    await r.create()
    await r.clock.advance(10_000)
    isSlow = true
    // The clock stands at a new due time; its page has been read when the timer is committed.
    const advancing = r.clock.advance(2_000)
    await turn()
    await r.runtime.send(A, { type: 'go' })
    isSlow = false
    reading.resolve()
    await advancing
    await r.clock.advance(1_500)
    expect(await r.value()).toBe('c')
  })

  it('a database that does not answer is asked again after a while, not in a tight loop', async () => {
    const memory = memoryStore()
    const dueTimers = vi.fn(() => Promise.reject(new StoreUnavailableError('down')))
    const r = await rig(thing(createMachine({})), { store: decorated(memory, { dueTimers }) })
    await turn(50)
    expect(dueTimers.mock.calls.length).toBeLessThan(5)
    r.runtime.kill()
  })
})

describe('R10 recovery is a loop', () => {
  const seller = setup({ types: typed<Log>(), actors: { charge: durable<string>() } }).createMachine({
    id: 's',
    context: { log: [] },
    initial: 'idle',
    states: {
      idle: { on: { go: 'busy' } },
      busy: { entry: [emit({ type: 'begun' }), { type: 'ring' } as never, tell({ type: 'book', id: 'b' }, { type: 'entry' }) as never], invoke: { src: 'charge', id: 'c', onDone: 'waiting' } },
      waiting: { after: { 100: 'paid' } },
      paid: { entry: emit({ type: 'paid' }) },
    },
  })
  const book = defineActor({ type: 'book', version: '1', machine: createMachine({ types: typed<{ context: { n: number } }>(), context: { n: 0 }, on: { entry: { actions: assign({ n: ({ context }) => (context.n as number) + 1 }) } } }) })

  /** Every call of the store that changes something, in order; the n-th is the last that the runtime makes. */
  async function until(crashAt: number, isAfter: boolean) {
    const memory = memoryStore()
    const clock = manualClock(0)
    const facts = new Set<string>()
    const charges = new Set<string>()
    let calls = 0
    const victims: { kill(): void }[] = []
    const dying = <A extends unknown[]>(call: (...args: A) => Promise<void>) => async (...args: A): Promise<void> => {
      const isLast = ++calls === crashAt
      if (isLast && !isAfter) victims[0]?.kill()
      if (isLast && !isAfter) return new Promise(() => undefined)
      await call(...args)
      if (isLast) victims[0]?.kill()
    }
    const store: Store = decorated(memory, {
      commit: dying((batch) => memory.commit(batch)),
      progressEffects: dying((changes) => memory.progressEffects(changes)),
      removeEffects: dying((keys) => memory.removeEffects(keys)),
      removeOutbox: dying((keys) => memory.removeOutbox(keys)),
      park: dying((rows) => memory.park(rows)),
    })
    const actors = [thing(seller, { effects: { charge: { run: (_input, { key }) => (charges.add(key), 'ok') }, ring: { run: () => undefined } } }), book]
    const make = (over: Store) => {
      const runtime = createRuntime({ actors, store: over, clock, sweepEveryMs: 0 })
      runtime.onFact((fact: Fact) => void facts.add(`${fact.key} ${fact.type}`))
      return runtime
    }
    const first = make(store)
    victims.push(first)
    await first.start()
    void first.create(A, undefined, { eventId: 'made' }).catch(() => undefined)
    void first.create({ type: 'book', id: 'b' }, undefined, { eventId: 'made' }).catch(() => undefined)
    void first.send(A, { type: 'go' }, { eventId: 'went' }).catch(() => undefined)
    await turn(40)
    first.kill()
    const second = make(memory)
    await second.start()
    await second.settled()
    // What was never answered is sent again by whoever sent it, under the same id.
    await second.create(A, undefined, { eventId: 'made' })
    await second.create({ type: 'book', id: 'b' }, undefined, { eventId: 'made' })
    await second.send(A, { type: 'go' }, { eventId: 'went' })
    await second.settled()
    await clock.advance(200)
    const parked = await second.listParked({ limit: 9, kind: 'undeliverable' })
    for (const { eventId } of parked) await second.retryParked('main', eventId, STAFF)
    await second.settled()
    const result = { a: (await second.get(A))?.value, b: (await second.get({ type: 'book', id: 'b' }))?.context, facts: [...facts].map((fact) => fact.split(' ')[1]).sort(), charges: [...charges], outbox: memory.tables.outbox.size, effects: memory.tables.effects.size, parked: memory.tables.parked.size }
    await second.stop()
    return { calls, result }
  }

  it('a crash before or after any write loses nothing and doubles nothing', async () => {
    const { calls } = await until(Number.POSITIVE_INFINITY, false)
    expect(calls).toBeGreaterThan(3)
    for (let at = 1; at <= calls; at++) {
      for (const isAfter of [false, true]) {
        const { result } = await until(at, isAfter)
        expect(result, `write ${at}, ${isAfter ? 'after' : 'before'}`).toEqual({ a: 'paid', b: { n: 1 }, facts: ['begun', 'paid'], charges: ['main/thing/a/2/3'], outbox: 0, effects: 0, parked: 0 })
      }
    }
  })

  it('the sweep finds what this process has lost: a timer that fell out of memory', async () => {
    const machine = createMachine({ initial: 'a', states: { a: { after: { 10: 'b' } }, b: {} } })
    const store = memoryStore()
    let now = 0
    // A clock that calls nobody: only the sweep is left.
    const clock = { now: () => now, wakeAt: () => () => undefined }
    const runtime = createRuntime({ actors: [thing(machine)], store, clock, sweepEveryMs: 5 })
    await runtime.start()
    await runtime.create(A)
    now = 60_000
    expect((await runtime.waitFor(A, ({ value }) => value === 'b', { timeoutMs: 2_000 }))?.value).toBe('b')
    await runtime.stop()
  })
})

describe('R11 time and chance come in through the event', () => {
  const clocked = setup({ types: typed<Log>() }).createMachine({
    context: { log: [] },
    initial: 'a',
    states: {
      a: { after: { 50: { target: 'b', actions: assign({ log: ({ context, event }) => [...context.log, `after ${timeOf(event)}`] }) } } },
      b: { on: { end: 'over' } },
      over: { type: 'final' },
    },
    on: { now: { actions: assign({ log: ({ context, event }) => [...context.log, timeOf(event)] }) } },
  })

  it('timeOf is the moment of the step, and outside of one the epoch', async () => {
    const r = await rig(thing(clocked))
    await r.create()
    await r.clock.advance(20)
    await r.send('now')
    expect(await r.context()).toEqual({ log: [20] })
    expect(timeOf({ type: 'x' })).toBe(0)
  })

  it('the actor as it was, by seq and by moment, is its journal replayed: state, context, timers', async () => {
    const r = await rig(thing(clocked))
    const views = [await r.create()]
    await r.clock.advance(20)
    views.push((await r.send('now')).actor)
    await r.clock.advance(1_000)
    views.push(await r.view())
    await r.runtime.block(A, STAFF)
    views.push(await r.view())
    await r.runtime.unblock(A, STAFF)
    views.push(await r.view())
    await r.send('end')
    views.push(await r.view())
    await r.crash()
    for (const view of views) expect(await r.runtime.getAsOf(A, { seq: view.seq })).toEqual(view)
    expect((await r.runtime.getAsOf(A, { at: 19 }))?.seq).toBe(1)
    expect((await r.runtime.getAsOf(A, { at: 20 }))?.seq).toBe(2)
    expect(await r.runtime.getAsOf(A, { at: -1 })).toBeUndefined()
    await refusal(r.runtime.getAsOf({ type: 'nothing', id: 'a' }, { seq: 1 }), 'actor-type-unknown')
  })

  it('a moved timer is where it was moved to in the actor as it was', async () => {
    const r = await rig(thing(clocked))
    await r.create()
    const view = await r.runtime.moveTimer(A, 'xstate.after.50.(machine).a', 500, STAFF)
    await r.clock.advance(100)
    await r.send('now')
    expect((await r.runtime.getAsOf(A, { seq: 2 }))?.timers).toEqual(view.timers)
  })
})
