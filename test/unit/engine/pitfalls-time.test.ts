/** The pitfalls of XState in a durable runtime that have to do with timers, invocations and restarts, by their numbers. */
import { assign, createMachine, enqueueActions, fromPromise, raise, sendTo, setup, spawnChild } from 'xstate'
import { describe, expect, it } from 'vitest'
import { durable, timeOf, type EffectContext } from '../../../runtime/index.ts'
import { deferred, registration, rig, STAFF, thing, typed } from './rig.ts'

const DAY = 86_400_000

const trial = createMachine({ id: 'sub', initial: 'trial', states: { trial: { after: { 1000: 'ended' }, on: { leave: 'away' } }, away: { on: { back: 'trial' } }, ended: {} } })

describe('timers', () => {
  it('1: timers are rows: they survive a kill, and a new runtime over the same store fires them', async () => {
    const r = await rig(thing(trial))
    await r.create()
    expect(await r.runtime.timers({ type: 'thing', id: 'a' })).toEqual([
      { id: 'xstate.after.1000.sub.trial', event: 'xstate.after.1000.sub.trial', dueAt: '1970-01-01T00:00:01.000Z', armedAt: '1970-01-01T00:00:00.000Z' },
    ])
    await r.clock.advance(400)
    await r.crash()
    await r.clock.advance(599)
    expect(await r.value()).toBe('trial')
    await r.clock.advance(1)
    expect(await r.value()).toBe('ended')
    expect(r.store.tables.timers.get('main/thing/a')?.size).toBe(0)
  })

  it('1: a timer that fell due while nobody ran fires at the start, and knows how late it is', async () => {
    const r = await rig(thing(trial))
    await r.create()
    r.runtime.kill()
    await r.clock.advance(5_000)
    await r.crash()
    expect(await r.value()).toBe('ended')
    const fired = (await r.history()).at(-1)?.timers
    expect(fired).toEqual([{ id: 'xstate.after.1000.sub.trial', firedDueAt: '1970-01-01T00:00:01.000Z', lateMs: 4_000 }])
  })

  it('2: an old `after` never ends a newer stay in the same state', async () => {
    const r = await rig(thing(trial))
    await r.create()
    await r.clock.advance(900)
    await r.send('leave')
    await r.send('back')
    await r.clock.advance(900)
    expect(await r.value()).toBe('trial')
    await r.clock.advance(100)
    expect(await r.value()).toBe('ended')
  })

  it('2: a firing that is on its way while the state is left and entered anew is dropped by its generation', async () => {
    const r = await rig(thing(trial))
    await r.create()
    // In one batch, and ahead of the firing: `fireTimer` carries the generation it has seen.
    const leave = r.runtime.send({ type: 'thing', id: 'a' }, { type: 'leave' })
    const back = r.runtime.send({ type: 'thing', id: 'a' }, { type: 'back' })
    const fired = r.runtime.fireTimer({ type: 'thing', id: 'a' }, 'xstate.after.1000.sub.trial', STAFF)
    await Promise.all([leave, back])
    await expect(fired).rejects.toThrow()
    expect(await r.value()).toBe('trial')
    expect(await r.runtime.timers({ type: 'thing', id: 'a' })).toHaveLength(1)
  })

  it('3: a mistyped delay is refused at registration', () => {
    const bad = setup({ delays: { grace: 1000 } }).createMachine({ initial: 'a', states: { a: { after: { grce: 'b' } }, b: { entry: raise({ type: 'x' }, { delay: 'gracee' as never }) } } } as never)
    expect(registration(() => thing(bad))).toMatch(/unknown delay 'grce' at a.*\n.*unknown delay 'gracee' at b/)
  })

  it('3: a delay that is neither a number nor a function is refused at registration', () => {
    const bad = setup({ delays: { grace: '30 days' as never } }).createMachine({ initial: 'a', states: { a: { after: { grace: 'b' } }, b: {} } })
    expect(registration(() => thing(bad))).toMatch(/delay 'grace' is neither a number of milliseconds nor a function/)
  })

  it('3: a delay name made up by enqueueActions fails its step instead of firing at once', async () => {
    const machine = setup({}).createMachine({
      initial: 'a',
      states: { a: { on: { go: { actions: enqueueActions(({ enqueue }) => enqueue.raise({ type: 'late' }, { delay: 'nonsense' as never })) }, late: 'b' } }, b: {} },
    })
    const r = await rig(thing(machine))
    await r.create()
    await expect(r.send('go')).rejects.toMatchObject({ code: 'actor-blocked' })
    expect(await r.view()).toMatchObject({ value: 'a', status: 'blocked', hold: { reason: expect.stringContaining("unknown delay 'nonsense'") as string } })
  })

  it.each([
    ['in place', (delay: () => number) => createMachine({ initial: 'a', states: { a: { on: { go: { actions: raise({ type: 'late' }, { delay }) }, late: 'b' } }, b: {} } })],
    ['as a named delay', (delay: () => number) => setup({ delays: { wait: delay } }).createMachine({ initial: 'a', states: { a: { on: { go: 'c' } }, c: { after: { wait: 'b' } }, b: {} } })],
    ['in a named action', (delay: () => number) => setup({ actions: { later: raise({ type: 'late' }, { delay }) } }).createMachine({ initial: 'a', states: { a: { on: { go: { actions: 'later' }, late: 'b' } }, b: {} } })],
  ])('3: a delay expression %s that gives no number fails its step', async (_where, make) => {
    for (const nothing of [undefined as never, Number.NaN]) {
      const r = await rig(thing(make(() => nothing)))
      await r.create()
      await expect(r.send('go')).rejects.toMatchObject({ code: 'actor-blocked' })
      expect(await r.value()).toBe('a')
    }
  })

  it('14: a delayed send without an id is a timer of its own name, and comes once', async () => {
    const machine = createMachine({
      types: typed<{ context: { n: number } }>(),
      context: { n: 0 },
      on: { go: { actions: [raise({ type: 'late' }, { delay: 100 }), raise({ type: 'late' }, { delay: 100 })] }, late: { actions: assign({ n: ({ context }) => context.n + 1 }) } },
    })
    const r = await rig(thing(machine))
    await r.create()
    await r.send('go')
    await r.crash()
    expect((await r.view()).timers.map(({ id }) => id)).toEqual(['2.0', '2.1'])
    await r.clock.advance(100)
    await r.crash()
    await r.clock.advance(1_000)
    expect(await r.context()).toEqual({ n: 2 })
  })

  it('14: delays beyond 24.8 days work', async () => {
    const year = createMachine({ id: 'y', initial: 'young', states: { young: { after: { [400 * DAY]: 'old' } }, old: {} } })
    const r = await rig(thing(year))
    await r.create()
    await r.clock.advance(399 * DAY)
    expect(await r.value()).toBe('young')
    await r.clock.advance(DAY)
    expect(await r.value()).toBe('old')
  })

  it('22: the delayed sends of an actor that has finished die with it', async () => {
    const echo = createMachine({ types: typed<{ context: { heard: number } }>(), context: { heard: 0 }, on: { ping: { actions: assign({ heard: ({ context }) => context.heard + 1 }) } } })
    const parent = setup({ actors: { echo } }).createMachine({
      initial: 'on',
      invoke: { src: 'echo', id: 'echo' },
      states: { on: { entry: sendTo('echo', { type: 'ping' }, { delay: 100 }), on: { end: 'off' } }, off: { type: 'final' } },
    })
    const r = await rig([thing(parent)])
    await r.create()
    expect((await r.view()).timers).toHaveLength(1)
    await r.send('end')
    expect((await r.view()).timers).toEqual([])
    expect(r.store.tables.dueOrder.after().next().done).toBe(true)
  })

  it('23: a timer set by a timer is armed at its own moment, however far the clock leaps', async () => {
    const seen: number[] = []
    const machine = createMachine({
      id: 'tick',
      types: typed<{ context: { at: number[] } }>(),
      context: { at: [] },
      initial: 'a',
      states: {
        a: { after: { 1000: 'b' } },
        b: { entry: assign({ at: ({ context, event }) => [...context.at, timeOf(event)] }), after: { 500: 'a' } },
      },
    })
    const r = await rig(thing(machine))
    await r.create()
    await r.clock.advance(10_000)
    seen.push(...(await r.context<{ at: number[] }>()).at)
    expect(seen).toEqual([1_000, 2_500, 4_000, 5_500, 7_000, 8_500, 10_000])
  })
})

describe('invocations', () => {
  const calls = setup({ types: typed<{ context: { got: unknown } }>(), actors: { charge: durable<string, { amount: number }>() } }).createMachine({
    id: 'pay',
    context: { got: null },
    initial: 'idle',
    states: {
      idle: { on: { go: 'charging' } },
      charging: { invoke: { src: 'charge', id: 'c', input: { amount: 5 }, onDone: { target: 'paid', actions: assign({ got: ({ event }) => event.output }) } }, on: { back: 'idle' } },
      paid: {},
    },
  })

  it('6: after a restart a promise is called again under the same key, and never under another', async () => {
    const keys: string[] = []
    const gate = deferred<string>()
    let answer: Promise<string> = gate.promise
    const r = await rig(thing(calls, { effects: { charge: { run: (_input: never, { key }: EffectContext) => (keys.push(key), answer) } } }))
    await r.create()
    await r.runtime.send({ type: 'thing', id: 'a' }, { type: 'go' })
    await expect.poll(() => keys.length).toBe(1)
    answer = Promise.resolve('receipt')
    await r.crash()
    expect(await r.view()).toMatchObject({ value: 'paid', context: { got: 'receipt' }, effects: [] })
    expect(keys).toEqual(['main/thing/a/2/0', 'main/thing/a/2/0'])
    await r.crash()
    expect(keys).toHaveLength(2)
  })

  it('6: a promise that has answered is not called again by a restart', async () => {
    let count = 0
    const r = await rig(thing(calls, { effects: { charge: { run: () => `r${++count}` } } }))
    await r.create()
    await r.send('go')
    await r.crash()
    await r.crash()
    expect(count).toBe(1)
    expect(await r.context()).toEqual({ got: 'r1' })
  })

  it('7: what a reloaded actor sends to its child arrives, and stopping it works', async () => {
    const child = createMachine({ types: typed<{ context: { n: number } }>(), context: { n: 0 }, on: { ping: { actions: assign({ n: ({ context }) => context.n + 1 }) } } })
    const parent = setup({ actors: { child } }).createMachine({
      initial: 'on',
      states: { on: { invoke: { src: 'child', id: 'kid' }, on: { ping: { actions: sendTo('kid', { type: 'ping' }) }, end: 'off' } }, off: {} },
    })
    const r = await rig(thing(parent))
    await r.create()
    await r.crash()
    await r.send('ping')
    expect(await r.context('a~kid~1.0', 'thing~child')).toEqual({ n: 1 })
    await r.crash()
    await r.send('end')
    expect(await r.view('a~kid~1.0', 'thing~child')).toMatchObject({ status: 'done' })
  })

  it('8: spawnChild of inline logic is refused at registration', () => {
    const inline = createMachine({ entry: spawnChild(fromPromise(async () => 1)) })
    expect(registration(() => thing(inline))).toMatch(/spawnChild of inline logic at \(root\): name it in setup/)
  })

  it('22: an inline `invoke: { src: machine }` works, across a restart too', async () => {
    const child = createMachine({ id: 'kid', initial: 'a', states: { a: { after: { 50: 'b' } }, b: { type: 'final' } }, output: { done: true } })
    const parent = createMachine({ initial: 'on', types: typed<{ context: { out: unknown } }>(), context: { out: null }, states: { on: { invoke: { src: child, onDone: { target: 'off', actions: assign({ out: ({ event }) => event.output as unknown }) } } }, off: {} } })
    const r = await rig(thing(parent))
    await r.create()
    await r.crash()
    await r.clock.advance(50)
    expect(await r.view()).toMatchObject({ value: 'off', context: { out: { done: true } } })
  })

  it('22: an inline `invoke: { src: fromPromise(...) }` works', async () => {
    const parent = createMachine({ initial: 'on', states: { on: { invoke: { src: fromPromise(async () => 42), onDone: 'off' } }, off: {} } })
    const r = await rig(thing(parent))
    await r.create()
    expect(await r.value()).toBe('off')
  })
})
