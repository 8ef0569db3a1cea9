/** What staff see and do: every act with a reason, in the journal. */
import { assign, createMachine, emit, raise, setup } from 'xstate'
import { describe, expect, it, vi } from 'vitest'
import { defineActor, durable, tell } from '../../../runtime/index.ts'
import { refusal, rig, STAFF, thing, typed } from './rig.ts'

const A = { type: 'thing', id: 'a' }
const machine = setup({
  types: typed<{ context: { n: number }; events: { type: string; n?: number } }>(),
  guards: { isBig: ({ event }) => (event.n as number) > 5, needsPayload: ({ event }) => (event as unknown as { deep: { x: number } }).deep.x > 1 },
  actors: { call: durable<string>() },
}).createMachine({
  id: 'm',
  context: { n: 0 },
  initial: 'idle',
  states: {
    idle: { tags: 'calm', on: { go: 'busy', grow: { guard: 'isBig', target: 'busy' }, deep: { guard: 'needsPayload', target: 'busy' }, count: { actions: assign({ n: ({ context }) => context.n + 1 }) } } },
    busy: { entry: [emit({ type: 'begun', by: 'a' } as never), raise({ type: 'late' }, { delay: 500, id: 'late' }), tell({ type: 'thing', id: 'b' }, { type: 'count' }) as never], invoke: { src: 'call', id: 'c' }, after: { 1000: 'over' }, on: { late: { actions: assign({ n: 9 }) } } },
    over: { type: 'final' },
  },
})
const definition = thing(machine, { effects: { call: { run: () => new Promise(() => undefined) } }, words: { states: {}, events: { go: { staff: 'Starts', customer: 'Start' } }, guards: { isBig: { staff: 'is big enough', customer: '' } }, delays: {}, effects: {} } })

describe('block and unblock', () => {
  it('a blocked actor takes nothing, says by whom and why, and goes on where it was', async () => {
    const r = await rig(definition)
    await r.create()
    expect(await r.runtime.block(A, { reason: 'fraud check', by: 'key:k1' })).toMatchObject({ status: 'blocked', hold: { reason: 'fraud check', by: 'key:k1' }, accepts: [] })
    await refusal(r.send('count'), 'actor-blocked')
    await r.crash()
    await refusal(r.send('count'), 'actor-blocked')
    expect((await r.runtime.list({ type: 'thing', status: 'blocked', limit: 9 })).data).toHaveLength(1)
    expect(await r.runtime.unblock(A, STAFF)).toMatchObject({ status: 'active' })
    await r.send('count')
    expect(await r.context()).toEqual({ n: 1 })
    expect((await r.history()).map(({ event, source, outcome }) => [event.type, event['reason'], source, outcome])).toEqual([
      ['xstate.init', undefined, 'library', 'applied'],
      ['standing.blocked', 'fraud check', 'staff:key:k1', 'administered'],
      ['standing.unblocked', 'a test', 'staff:key:tester', 'administered'],
      ['count', undefined, 'library', 'applied'],
    ])
  })

  it('nobody by that name, and no such type', async () => {
    const r = await rig(definition)
    await refusal(r.runtime.block(A, STAFF), 'actor-not-found')
    await refusal(r.runtime.unblock({ type: 'nothing', id: 'a' }, STAFF), 'actor-type-unknown')
  })

  it('events that came in the meantime through another actor wait, and come first', async () => {
    const r = await rig(definition)
    await r.create()
    await r.create(undefined, 'b')
    await r.runtime.block({ type: 'thing', id: 'b' }, STAFF)
    await r.runtime.send(A, { type: 'go' })
    await expect.poll(async () => (await r.runtime.listParked({ limit: 9 })).length).toBe(1)
    await r.runtime.unblock({ type: 'thing', id: 'b' }, STAFF)
    await r.runtime.waitFor({ type: 'thing', id: 'b' }, ({ context }) => (context as { n: number }).n === 1, { timeoutMs: 1_000 })
    expect(await r.context('b')).toEqual({ n: 1 })
  })

  it('a block that a crash cut off from its waiting events is made good at the start', async () => {
    const r = await rig(definition)
    await r.create(undefined, 'b')
    await r.store.park([{ eventId: 'w', address: { tenant: 'main', type: 'thing', id: 'b' }, slice: 0, kind: 'waiting', eventType: 'count', error: null, at: 0, delivery: JSON.stringify({ kind: 'event', eventId: 'w', fresh: false, trace: { source: 'x', correlationId: 'x', causationId: null }, event: { type: 'count' } }) }])
    await r.crash()
    expect(await r.context('b')).toEqual({ n: 1 })
    expect(await r.runtime.listParked({ limit: 9 })).toEqual([])
  })
})

describe('timers', () => {
  const timed = createMachine({ id: 'm', initial: 'idle', states: { idle: { after: { 1000: 'over' } }, over: {} } })
  const ID = 'xstate.after.1000.m.idle'

  it('move: later, earlier, into the past; the old time is stale', async () => {
    const r = await rig(thing(timed))
    await r.create()
    expect((await r.runtime.moveTimer(A, ID, 5_000, STAFF)).timers).toMatchObject([{ dueAt: '1970-01-01T00:00:05.000Z', armedAt: '1970-01-01T00:00:00.000Z' }])
    await r.clock.advance(4_000)
    expect(await r.value()).toBe('idle')
    await r.runtime.moveTimer(A, ID, 1, STAFF)
    await r.runtime.settled()
    expect(await r.value()).toBe('over')
    await refusal(r.runtime.moveTimer(A, ID, 1, STAFF), 'timer-not-found')
  })

  it('one whose moment is a fact of the record stays where it is, and says what moves it; its neighbours move, and it can be fired', async () => {
    const fixed = setup({ delays: { paidTime: 1_000, paidTimeLeft: 2_000 } }).createMachine({ id: 'm', initial: 'idle', states: { idle: { after: { paidTime: 'over', paidTimeLeft: 'over' } }, over: {} } })
    const fixedTimers = { paidTime: "Send 'extend'." }
    const r = await rig(thing(fixed, { fixedTimers }))
    await r.create()
    const id = 'xstate.after.paidTime.m.idle'
    for (const dueAt of [1, 5_000]) expect((await refusal(r.runtime.moveTimer(A, id, dueAt, STAFF), 'timer-fixed')).message).toBe("Send 'extend'.")
    expect(await r.history()).toHaveLength(1)
    await r.runtime.moveTimer(A, 'xstate.after.paidTimeLeft.m.idle', 9_000, STAFF)
    expect(await r.runtime.fireTimer(A, id, STAFF)).toMatchObject({ outcome: 'applied', actor: { value: 'over' } })
    expect(() => defineActor(thing(fixed, { fixedTimers: { paidTme: 'x' } }))).toThrow("no delay 'paidTme', whose timer is to be fixed")
  })

  it('fire now: the event comes at once and only once, and the journal knows who did it', async () => {
    const r = await rig(thing(timed))
    await r.create()
    expect(await r.runtime.fireTimer(A, ID, STAFF)).toMatchObject({ outcome: 'applied', actor: { value: 'over' } })
    await refusal(r.runtime.fireTimer(A, ID, STAFF), 'timer-not-found')
    await r.clock.advance(10_000)
    expect((await r.history()).map(({ source }) => source)).toEqual(['library', 'staff:key:tester'])
    expect((await r.history()).at(-1)?.timers).toContainEqual(expect.objectContaining({ id: ID, by: STAFF.by, reason: STAFF.reason }))
  })
})

describe('views', () => {
  it('next: every event the state knows, whether it would be taken, where to, and what stands in the way', async () => {
    const r = await rig(definition)
    await r.create()
    expect((await r.runtime.next(A)).events).toEqual([
      { event: 'go', accepted: true, to: ['busy'], refusedBy: [], phrase: 'Starts' },
      { event: 'grow', accepted: false, to: ['busy'], refusedBy: [{ guard: 'isBig', phrase: 'is big enough' }] },
      { event: 'deep', accepted: null, to: ['busy'], refusedBy: [] },
      { event: 'count', accepted: true, to: [], refusedBy: [] },
    ])
  })

  it('dry run: the same step, and nothing of it happens', async () => {
    const r = await rig(definition)
    await r.create()
    const before = JSON.stringify([...r.store.tables.actors])
    expect(await r.runtime.dryRun(A, { type: 'go' })).toEqual({
      accepted: true,
      from: 'idle',
      to: 'busy',
      effects: [{ name: 'call', input: null }],
      messages: [{ to: { type: 'thing', id: 'b' }, event: 'count' }],
      facts: [{ type: 'begun', by: 'a' }],
      timers: [{ id: 'late', dueAt: '1970-01-01T00:00:00.500Z' }, { id: 'xstate.after.1000.m.busy', dueAt: '1970-01-01T00:00:01.000Z' }],
      refusedBy: [],
    })
    expect(await r.runtime.dryRun(A, { type: 'grow', n: 1 })).toMatchObject({ accepted: false, from: 'idle', to: 'idle', refusedBy: [{ guard: 'isBig', phrase: 'is big enough' }] })
    await refusal(r.runtime.dryRun(A, { type: 'xstate.stop' }), 'invalid-event')
    expect(JSON.stringify([...r.store.tables.actors])).toBe(before)
    expect(await r.history()).toHaveLength(1)
    expect(await r.value()).toBe('idle')
  })

  it('list: by state, tag, status and time, in pages; counts per state', async () => {
    const r = await rig(definition)
    for (const id of ['a', 'b', 'c']) await r.create(undefined, id)
    await r.clock.advance(100)
    await r.runtime.send({ type: 'thing', id: 'b' }, { type: 'go' })
    const ids = async (query: object) => (await r.runtime.list({ type: 'thing', limit: 9, ...query })).data.map(({ id }) => id)
    expect(await ids({ state: 'busy' })).toEqual(['b'])
    expect(await ids({ tag: 'calm' })).toEqual(['a', 'c'])
    expect(await ids({ updatedSince: 100 })).toEqual(['b'])
    const page = await r.runtime.list({ type: 'thing', limit: 2 })
    expect([page.data.map(({ id }) => id), page.nextCursor]).toEqual([['a', 'b'], 'b'])
    expect(await r.runtime.list({ type: 'thing', limit: 2, afterId: 'b' })).toMatchObject({ data: [{ id: 'c' }], nextCursor: null })
    expect(await r.runtime.stateCounts()).toEqual([{ type: 'thing', state: 'busy', status: 'active', count: 1 }, { type: 'thing', state: 'idle', status: 'active', count: 2 }])
  })

  it('history: facts, effects and timers of each step, in pages, either way', async () => {
    const r = await rig(definition)
    await r.create()
    await r.runtime.send(A, { type: 'go' }, { eventId: 'k', source: 'rest:k1', correlationId: 'c', causationId: 'd' })
    const [, went] = await r.runtime.history(A)
    expect(went).toMatchObject({
      seq: 2, eventId: 'k', outcome: 'applied', from: 'idle', to: 'busy', source: 'rest:k1', correlationId: 'c', causationId: 'd', version: '1',
      facts: [{ key: 'main/thing/a/2/0', type: 'begun', by: 'a' }],
      effects: [{ name: 'call' }],
      timers: [{ id: 'late', dueAt: '1970-01-01T00:00:00.500Z' }, { id: 'xstate.after.1000.m.busy' }],
    })
    expect((await r.runtime.history(A, { limit: 1, order: 'desc' })).map(({ seq }) => seq)).toEqual([2])
    expect((await r.runtime.history(A, { afterSeq: 1 })).map(({ seq }) => seq)).toEqual([2])
    await refusal(r.runtime.history({ type: 'thing', id: 'none' }), 'actor-not-found')
  })
})

describe('waitFor', () => {
  it('resolves for what is so already, for what becomes so, and with undefined when it does not', async () => {
    const r = await rig(definition)
    await r.create()
    expect((await r.runtime.waitFor(A, ({ value }) => value === 'idle', { timeoutMs: 1_000 }))?.seq).toBe(1)
    const waiting = r.runtime.waitFor(A, ({ context }) => (context as { n: number }).n === 2, { timeoutMs: 1_000 })
    await r.send('count')
    await r.send('count')
    expect((await waiting)?.seq).toBe(3)
    expect(await r.runtime.waitFor(A, () => false, { timeoutMs: 1 })).toBeUndefined()
  })

  it('ends with its signal, even one that has been aborted before', async () => {
    const r = await rig(definition)
    await r.create()
    const controller = new AbortController()
    const waiting = r.runtime.waitFor(A, () => false, { timeoutMs: 60_000, signal: controller.signal })
    controller.abort()
    expect(await waiting).toBeUndefined()
    expect(await r.runtime.waitFor(A, () => false, { timeoutMs: 60_000, signal: AbortSignal.abort() })).toBeUndefined()
  })

  it('hands on what the predicate throws, and the commit stands', async () => {
    const r = await rig(definition)
    await r.create()
    const predicate = vi.fn(({ seq }: { seq: number }) => { if (seq === 2) throw new Error('predicate broke'); return false })
    const waiting = r.runtime.waitFor(A, predicate, { timeoutMs: 60_000 })
    const outcome = expect(waiting).rejects.toThrow('predicate broke')
    await r.send('count')
    await outcome
    expect((await r.view()).seq).toBe(2)
    await refusal(r.runtime.waitFor({ type: 'nothing', id: 'a' }, () => true, { timeoutMs: 1_000 }), 'actor-type-unknown')
  })
})
