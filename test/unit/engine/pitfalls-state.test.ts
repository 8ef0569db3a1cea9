/** The pitfalls of XState in a durable runtime that have to do with state, context and children, by their numbers. */
import { assign, createMachine, emit, sendParent, sendTo, setup, spawnChild, stopChild, type ActorRef, type Snapshot } from 'xstate'
import { describe, expect, it, vi } from 'vitest'
import { defineActor, durable, tell } from '../../../runtime/index.ts'
import { refusal, registration, rig, thing, typed } from './rig.ts'

type Context<C> = { context: C; events: { type: string; [key: string]: unknown } }

describe('context', () => {
  it('4: the context factory runs once, with the input, and never again', async () => {
    const factory = vi.fn(({ input }: { input: unknown }) => ({ input }))
    const machine = createMachine({ context: factory as never, initial: 'a', states: { a: { on: { go: 'b' } }, b: {} } })
    const r = await rig(thing(machine))
    factory.mockClear()
    await r.create({ plan: 'home' })
    await r.send('go')
    await r.crash()
    expect(factory).toHaveBeenCalledTimes(1)
    expect(await r.context()).toEqual({ input: { plan: 'home' } })
  })

  it('13: a Date is text from the first moment on, whether the actor is reloaded or not', async () => {
    const machine = createMachine({
      types: typed<Context<{ when: unknown; kind?: string }>>(),
      context: { when: new Date(0) },
      on: { look: { actions: assign({ kind: ({ context }) => typeof context.when }) } },
    })
    const r = await rig(thing(machine))
    await r.create()
    await r.send('look')
    expect(await r.context()).toEqual({ when: '1970-01-01T00:00:00.000Z', kind: 'string' })
  })

  it.each([
    ['Map', new Map([['a', 1]]), 'Map'],
    ['Set', new Set([1]), 'Set'],
    ['BigInt', 5n, 'bigint'],
    ['function', () => 1, 'function'],
    ['Uint8Array', new Uint8Array(2), 'Uint8Array'],
  ])('13: a %s in the context is refused with its path, and the actor stays as it was', async (_name, value, word) => {
    const machine = createMachine({ types: typed<Context<{ deep: unknown }>>(), context: { deep: null }, on: { go: { actions: assign({ deep: { inner: [value] } }) } } })
    const r = await rig(thing(machine))
    await r.create()
    await refusal(r.send('go'), 'actor-blocked')
    const view = await r.view()
    expect(view.hold?.reason).toMatch(new RegExp(`context/deep/inner/0 holds a ${word}`))
    expect(view.context).toEqual({ deep: null })
  })

  it('13: a context that refers to itself is refused', async () => {
    const loop: Record<string, unknown> = {}
    loop['self'] = loop
    const r = await rig(thing(createMachine({ context: {} as Record<string, unknown>, on: { go: { actions: assign(() => loop as never) } } })))
    await r.create()
    await refusal(r.send('go'), 'actor-blocked')
  })

  it('13: what is stored is not changed by who looks at it', async () => {
    const machine = createMachine({ types: typed<Context<{ list: number[] }>>(), context: { list: [1] }, on: { add: { actions: assign({ list: ({ context }) => [...context.list, 2] }) } } })
    const r = await rig(thing(machine))
    await r.create()
    const seen = await r.context<{ list: number[] }>()
    seen.list.push(99)
    await r.send('add')
    expect(await r.context()).toEqual({ list: [1, 2] })
  })

  it('20: an Error keeps name, message and code; undefined members vanish at once', async () => {
    const machine = createMachine({
      types: typed<Context<{ error: unknown; gone?: unknown; has?: boolean }>>(),
      context: { error: null, gone: 1 },
      on: {
        fail: { actions: assign({ error: () => Object.assign(new TypeError('no route'), { code: 'EHOSTUNREACH' }), gone: () => undefined }) },
        look: { actions: assign({ has: ({ context }) => 'gone' in context }) },
      },
    })
    const r = await rig(thing(machine))
    await r.create()
    await r.send('fail')
    await r.send('look')
    const context = await r.context()
    expect(context).toMatchObject({ error: { name: 'TypeError', message: 'no route', code: 'EHOSTUNREACH', stack: expect.stringContaining('no route') as string }, has: false })
    await r.crash()
    expect(await r.context()).toEqual(context)
  })

  it('20: NaN and Infinity become null, as a reload would make them', async () => {
    const machine = createMachine({ types: typed<Context<{ n: unknown }>>(), context: { n: 0 }, on: { go: { actions: assign({ n: () => [Number.NaN, Number.POSITIVE_INFINITY] }) } } })
    const r = await rig(thing(machine))
    await r.create()
    await r.send('go')
    expect(await r.context()).toEqual({ n: [null, null] })
  })
})

describe('errors', () => {
  it('9: a throwing guard changes nothing: the event is set aside and the actor blocked', async () => {
    const machine = setup({
      guards: {
        isFine: () => {
          throw new Error('guard broke')
        },
      },
    }).createMachine({ initial: 'a', states: { a: { on: { go: { target: 'b', guard: 'isFine' } } }, b: {} } })
    const r = await rig(thing(machine))
    await r.create()
    await refusal(r.send('go'), 'actor-blocked')
    expect(await r.view()).toMatchObject({ value: 'a', seq: 1, status: 'blocked' })
    expect(await r.runtime.listParked({ limit: 9 })).toMatchObject([{ kind: 'poison', eventType: 'go', error: expect.stringContaining('guard broke') as string }])
  })

  it('9: so does a throwing assign', async () => {
    const machine = createMachine({
      initial: 'a',
      context: {},
      states: {
        a: { on: { go: { target: 'b', actions: assign((): object => { throw new Error('assign broke') }) } } },
        b: {},
      },
    })
    const r = await rig(thing(machine))
    await r.create()
    await refusal(r.send('go'), 'actor-blocked')
    expect(await r.view()).toMatchObject({ value: 'a', hold: { reason: expect.stringContaining('assign broke') as string } })
  })

  it('10: an unhandled failure of an invocation puts the machine into status error, as in XState', async () => {
    const machine = setup({ actors: { charge: durable() } }).createMachine({ initial: 'a', invoke: { src: 'charge', id: 'c' }, states: { a: { after: { 1000: 'b' } }, b: {} } })
    const r = await rig(thing(machine, { effects: { charge: { run: () => Promise.reject(new Error('declined')), retry: { attempts: 1 } } } }))
    await r.create()
    expect(await r.view()).toMatchObject({ status: 'error', error: { message: 'declined' }, timers: [], effects: [] })
    await refusal(r.send('go'), 'actor-done')
  })

  it('10: a root handler for `xstate.error.actor.*` takes it instead', async () => {
    const machine = setup({ actors: { charge: durable() } }).createMachine({ initial: 'a', invoke: { src: 'charge', id: 'c' }, on: { 'xstate.error.actor.c': '.failed' }, states: { a: {}, failed: {} } })
    const r = await rig(thing(machine, { effects: { charge: { run: () => Promise.reject(new Error('declined')), retry: { attempts: 1 } } } }))
    await r.create()
    expect(await r.view()).toMatchObject({ status: 'active', value: 'failed' })
  })

  it('11: an event that nothing accepts is refused to who waits, and journaled as ignored for who does not', async () => {
    const lamp = createMachine({ initial: 'off', states: { off: { on: { toggle: 'on' } }, on: {} } })
    const remote = createMachine({ on: { press: { actions: tell({ type: 'thing', id: 'a' }, { type: 'explode' }) as never } } })
    const r = await rig([thing(lamp), defineActor({ type: 'remote', version: '1', machine: remote })])
    await r.create()
    await r.create(undefined, 'r', 'remote')
    const error = await refusal(r.send('explode'), 'event-not-accepted')
    expect(error.details.accepts).toEqual(['toggle'])
    expect((await r.view()).seq).toBe(1)
    await r.send('press', 'r', 'remote')
    expect(await r.outcomes()).toEqual(['xstate.init applied', 'explode ignored'])
    expect(await r.value()).toBe('off')
  })

  it('12: a stored state that the code no longer has is held back, and nobody else is', async () => {
    const before = createMachine({ initial: 'a', states: { a: { on: { go: 'gone' } }, gone: {} } })
    const after = createMachine({ initial: 'a', states: { a: { on: { go: 'b' } }, b: {} } })
    const r = await rig(thing(before))
    await r.create()
    await r.create(undefined, 'b')
    await r.send('go')
    await r.crash([thing(after)])
    await refusal(r.send('go'), 'actor-blocked')
    expect(await r.view()).toMatchObject({ status: 'blocked', value: 'gone', hold: { reason: expect.stringContaining("state 'gone' is gone") as string } })
    await r.send('go', 'b')
    expect(await r.value('b')).toBe('b')
    expect((await r.runtime.list({ type: 'thing', limit: 9 })).data.map(({ id, status }) => [id, status])).toEqual([['a', 'blocked'], ['b', 'active']])
  })

  it('19: a throw in the first step makes no actor, and none of its actions happen', async () => {
    const called = vi.fn()
    const machine = createMachine({
      entry: [emit({ type: 'born' }), called, assign((): object => { throw new Error('no input') })],
      context: {},
    })
    const r = await rig(thing(machine))
    r.runtime.onFact(called)
    const error = await refusal(r.create(), 'invalid-input')
    expect(error.message).toMatch(/no input/)
    await r.runtime.settled()
    expect(await r.runtime.get({ type: 'thing', id: 'a' })).toBeUndefined()
    expect(called).not.toHaveBeenCalled()
    expect(r.store.tables.outbox.size + r.store.tables.effects.size).toBe(0)
  })
})

describe('order', () => {
  const regions = createMachine({
    type: 'parallel',
    types: typed<Context<{ log: string[] }>>(),
    context: { log: [] },
    states: {
      // The keys are in another order than a `jsonb` column would give back.
      zebra: { initial: 'z1', states: { z1: { on: { go: { target: 'z2', actions: assign({ log: ({ context }) => [...context.log, 'zebra'] }) } } }, z2: {} } },
      ant: { initial: 'a1', states: { a1: { on: { go: { target: 'a2', actions: assign({ log: ({ context }) => [...context.log, 'ant'] }) } } }, a2: {} } },
    },
  })

  it('17: parallel regions keep document order through the store', async () => {
    const r = await rig(thing(regions))
    await r.create()
    await r.crash()
    await r.send('go')
    expect(await r.context()).toEqual({ log: ['zebra', 'ant'] })
    expect(r.store.tables.actors.get('main/thing/a')?.value).toBe('{"zebra":"z2","ant":"a2"}')
  })

  const divergent = createMachine({
    id: 'm',
    initial: 'p',
    context: { go: false },
    states: {
      p: {
        type: 'parallel',
        states: {
          a: { initial: 'a1', states: { a1: { on: { T: 'a2' } }, a2: { always: { guard: ({ context }) => context.go, target: '#m.x' } } } },
          b: { initial: 'b1', states: { b1: { always: { guard: ({ context }) => context.go, target: '#m.y' } } } },
        },
      },
      x: {},
      y: {},
    },
    on: { GO: { actions: assign({ go: true }) } },
  })

  it.each([
    ['never', undefined, false],
    ['after every step', { hotActors: 0 }, false],
    ['by a new runtime', undefined, true],
  ])('18: eventless transitions follow document order when the actor is reloaded %s', async (_how, limits, isCrashing) => {
    const r = await rig(thing(divergent), limits === undefined ? {} : { limits })
    await r.create()
    for (const event of ['T', 'GO']) {
      if (isCrashing) await r.crash()
      await r.send(event)
    }
    expect(await r.value()).toBe('x')
  })

  it('18: with `hotActors: 0` every step is taken from the store', async () => {
    const r = await rig(thing(divergent), { limits: { hotActors: 0 } })
    const load = vi.spyOn(r.store, 'load')
    await r.create()
    await r.send('T')
    expect(load.mock.calls.length).toBeGreaterThanOrEqual(2)
    expect(r.runtime.stats().hotActors).toBe(0)
  })
})

describe('children', () => {
  const kid = createMachine({
    id: 'kid',
    initial: 'young',
    entry: [emit({ type: 'kid.born' }), sendParent({ type: 'hello' })],
    states: { young: { after: { 100: 'old' } }, old: { entry: sendParent({ type: 'grown' }), on: { finish: 'end' } }, end: { type: 'final' } },
    output: { age: 7 },
  })
  const parent = setup({ types: typed<Context<{ log: string[]; out: unknown }>>(), actors: { kid } }).createMachine({
    context: { log: [], out: null },
    initial: 'with',
    states: {
      with: {
        invoke: { src: 'kid', id: 'k', onDone: { target: 'without', actions: assign({ out: ({ event }) => event.output as unknown }) } },
        on: { finish: { actions: sendTo('k', { type: 'finish' }) }, leave: 'without' },
      },
      without: {},
    },
    on: { '*': { actions: assign({ log: ({ context, event }) => [...context.log, event.type] }) } },
  })

  it("5: a child machine's entry actions and timers run, in an actor of its own", async () => {
    const facts: string[] = []
    const r = await rig(thing(parent))
    r.runtime.onFact((fact) => facts.push(`${fact.address.type} ${fact.type}`))
    await r.create()
    expect(facts).toEqual(['thing~kid kid.born'])
    expect(await r.view('a~k~1.0', 'thing~kid')).toMatchObject({ value: 'young', timers: [{ id: 'xstate.after.100.kid.young' }] })
    await r.crash()
    await r.clock.advance(100)
    expect(await r.value('a~k~1.0', 'thing~kid')).toBe('old')
  })

  it('15: sendParent reaches the parent, and so does the output when the child is done', async () => {
    const r = await rig(thing(parent))
    await r.create()
    await r.clock.advance(100)
    expect(await r.context()).toEqual({ log: ['hello', 'grown'], out: null })
    await r.send('finish')
    expect(await r.view()).toMatchObject({ value: 'without', context: { out: { age: 7 } } })
    expect(await r.view('a~k~1.0', 'thing~kid')).toMatchObject({ status: 'done', output: { age: 7 } })
  })

  it('15: a child that ends in error tells its parent', async () => {
    const failing = setup({ actors: { call: durable() } }).createMachine({ invoke: { src: 'call', id: 'call' } })
    const above = setup({ types: typed<Context<{ why: unknown }>>(), actors: { failing } }).createMachine({
      context: { why: null },
      initial: 'on',
      states: { on: { invoke: { src: 'failing', id: 'f', onError: { target: 'off', actions: assign({ why: ({ event }) => (event.error as Error).message }) } } }, off: {} },
    })
    const r = await rig(thing(above, { effects: { call: { run: () => Promise.reject(new Error('line cut')), retry: { attempts: 1 } } } }))
    await r.create()
    expect(await r.view()).toMatchObject({ value: 'off', context: { why: 'line cut' } })
    expect(await r.view('a~f~1.0', 'thing~failing')).toMatchObject({ status: 'error' })
  })

  it('15: an output that is no plain data reaches the parent as a reload would give it', async () => {
    const dated = createMachine({ initial: 'end', states: { end: { type: 'final' } }, output: { at: new Date(0) } as never })
    const above = setup({ types: typed<Context<{ kind: unknown }>>(), actors: { dated } }).createMachine({
      context: { kind: null },
      invoke: { src: 'dated', id: 'd', onDone: { actions: assign({ kind: ({ event }) => typeof (event.output as { at: unknown }).at }) } },
    })
    const r = await rig(thing(above))
    await r.create()
    expect(await r.context()).toEqual({ kind: 'string' })
  })

  it('16: spawn inside assign, or in the context factory, is refused at registration', () => {
    const inAssign = setup({ actors: { kid } }).createMachine({ context: {}, on: { go: { actions: assign(({ spawn }) => ({ ref: spawn('kid') })) } } })
    const inProperty = setup({ actors: { kid } }).createMachine({ context: {}, entry: assign({ ref: ({ spawn }) => spawn('kid', { id: 'x' }) }) })
    const inFactory = setup({ actors: { kid } }).createMachine({ context: ({ spawn }) => ({ ref: spawn('kid') }) })
    expect(registration(() => thing(inAssign))).toMatch(/spawn inside assign at \(root\) on go: use spawnChild with an id/)
    expect(registration(() => thing(inProperty))).toMatch(/spawn inside assign at \(root\)/)
    expect(registration(() => thing(inFactory))).toMatch(/spawn in the context factory/)
  })

  it('16: a spawn inside assign that registration could not see fails its step', async () => {
    // Reached through a name that the text of the function does not hold.
    const hidden = ['spa', 'wn'].join('')
    const machine = setup({ actors: { kid } }).createMachine({
      context: {},
      on: { go: { actions: assign((args) => ({ ref: ((args as unknown as Record<string, (src: string) => unknown>)[hidden] as (src: string) => unknown)('kid') })) } },
    })
    const r = await rig(thing(machine))
    await r.create()
    await refusal(r.send('go'), 'actor-blocked')
    expect((await r.view()).hold?.reason).toMatch(/made by spawn inside assign/)
  })

  it('21: a finished actor stops its children, and a done child is not stopped again', async () => {
    const lasting = createMachine({ id: 'l', initial: 'on', states: { on: { after: { 100: 'later' } }, later: {} } })
    const above = setup({ actors: { lasting } }).createMachine({ initial: 'on', invoke: { src: 'lasting', id: 'l' }, states: { on: { on: { end: 'off' } }, off: { type: 'final' } } })
    const r = await rig(thing(above))
    await r.create()
    await r.send('end')
    expect(await r.view()).toMatchObject({ status: 'done' })
    expect(await r.view('a~l~1.0', 'thing~lasting')).toMatchObject({ status: 'done', timers: [] })
    expect(r.store.tables.actors.get('main/thing/a')?.children).toBeNull()
  })

  it('21: what is entered and left within one macrostep never starts: no child, no call', async () => {
    const call = vi.fn()
    const facts = vi.fn()
    const machine = setup({ actors: { kid, call: durable() } }).createMachine({
      initial: 'idle',
      states: { idle: { on: { go: 'through' } }, through: { invoke: [{ src: 'kid', id: 'k' }, { src: 'call', id: 'c' }], always: 'end' }, end: {} },
    })
    const r = await rig(thing(machine, { effects: { call: { run: call } } }))
    r.runtime.onFact(facts)
    await r.create()
    await r.send('go')
    expect(await r.value()).toBe('end')
    expect(call).not.toHaveBeenCalled()
    expect(facts).not.toHaveBeenCalled()
    expect([...r.store.tables.actors.keys()]).toEqual(['main/thing/a'])
  })

  it('21: a child spawned and stopped within one macrostep never starts', async () => {
    const machine = setup({ actors: { kid } }).createMachine({ on: { go: { actions: [spawnChild('kid', { id: 'k' }), sendTo('k', { type: 'finish' }), stopChild('k')] } } })
    const r = await rig(thing(machine))
    await r.create()
    await r.send('go')
    expect([...r.store.tables.actors.keys()]).toEqual(['main/thing/a'])
    expect(await r.runtime.listParked({ limit: 9 })).toEqual([])
  })

  it('a reference in the context still reaches the child after a reload, and nobody once it is gone', async () => {
    type Ref = ActorRef<Snapshot<unknown>, { type: string }>
    const counter = createMachine({ types: typed<Context<{ n: number }>>(), context: { n: 0 }, on: { ping: { actions: assign({ n: ({ context }) => context.n + 1 }) } } })
    const machine = setup({ actors: { counter }, types: typed<Context<{ ref: Ref | null; strays: number }>>() }).createMachine({
      context: { ref: null, strays: 0 },
      on: {
        begin: { actions: [spawnChild('counter', { id: 'c' }), assign({ ref: ({ self }) => (self.getSnapshot() as unknown as { children: Record<string, Ref> } | undefined)?.children['c'] ?? null })] },
        keep: { actions: assign(({ context }) => ({ ...context })) },
        hold: { actions: assign({ ref: ({ self }) => (self.getSnapshot() as unknown as { children: Record<string, Ref> }).children['c'] as Ref }) },
        relay: { actions: sendTo(({ context }) => context.ref as Ref, { type: 'ping' }) },
        end: { actions: stopChild('c') },
        ping: { actions: assign({ strays: ({ context }) => context.strays + 1 }) },
      },
    })
    const r = await rig(thing(machine))
    await r.create()
    await r.send('begin')
    await r.send('hold')
    await r.send('relay')
    await r.crash()
    await r.send('relay')
    expect(await r.context('a~c~2.0', 'thing~counter')).toEqual({ n: 2 })
    await r.send('end')
    await r.send('relay')
    await r.crash()
    await r.send('relay')
    // Without a stand-in for the gone child XState would send to the machine itself.
    expect(await r.context()).toMatchObject({ strays: 0 })
  })
})
