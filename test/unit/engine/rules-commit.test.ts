/** R1 to R4: one write, nobody overwrites, once, in order. */
import { assign, createMachine, emit, setup } from 'xstate'
import { describe, expect, it, vi } from 'vitest'
import { createRuntime, defineActor, manualClock, memoryStore, noMetrics, tell, type Mail } from '../../../runtime/index.ts'
import { ConflictError, StoreUnavailableError } from '../../../runtime/ports/store.ts'
import { decorated, deferred, refusal, rig, STAFF, thing, turn, typed } from './rig.ts'
import { localBus } from '../../../runtime/bus/local.ts'

type Log = { context: { log: unknown[] }; events: { type: string; n?: number } }

/** Writes down the numbers it gets. */
const list = setup({ types: typed<Log>() }).createMachine({
  id: 'list',
  context: { log: [] },
  initial: 'open',
  states: {
    open: { on: { add: { actions: assign({ log: ({ context, event }) => [...context.log, event.n] }) }, close: 'shut', end: 'over' } },
    shut: { on: { open: 'open' } },
    over: { type: 'final' },
  },
})

const say = (n?: number) => tell({ type: 'other', id: 'o' }, { type: 'add', n } as { type: string }) as never
const loud = createMachine({ on: { go: { actions: [emit({ type: 'went' }), { type: 'ring' }, say()] } } })
const A = { type: 'thing', id: 'a' }

describe('R1 one write', () => {
  it('lets no reply, effect, message or fact out before the commit', async () => {
    const gate = deferred()
    const ring = vi.fn()
    const fact = vi.fn()
    const replied = vi.fn()
    const memory = memoryStore()
    let isSlow = false
    const store = decorated(memory, {
      commit: async (batch) => {
        if (isSlow) await gate.promise
        await memory.commit(batch)
      },
    })
    const r = await rig([thing(loud, { effects: { ring: { run: ring } } }), defineActor({ type: 'other', version: '1', machine: list })], { store })
    await r.create()
    await r.create(undefined, 'o', 'other')
    r.runtime.onFact(fact)
    isSlow = true
    const sending = r.runtime.send(A, { type: 'go' }).then(replied)
    await turn()
    expect([ring, fact, replied].map((mock) => mock.mock.calls.length)).toEqual([0, 0, 0])
    expect(await r.view()).toMatchObject({ seq: 1, effects: [] })
    expect(await r.context('o', 'other')).toEqual({ log: [] })
    isSlow = false
    gate.resolve()
    await sending
    await r.runtime.settled()
    expect([ring, fact, replied].map((mock) => mock.mock.calls.length)).toEqual([1, 1, 1])
    expect(await r.context('o', 'other')).toEqual({ log: [null] })
  })

  it('lets nothing out of a commit that fails, and keeps the event until it goes through', async () => {
    const ring = vi.fn()
    const fact = vi.fn()
    const memory = memoryStore()
    let failures = 0
    const store = decorated(memory, {
      commit: async (batch) => {
        if (failures > 0 && failures-- > 0) throw new StoreUnavailableError('gone')
        await memory.commit(batch)
      },
    })
    const r = await rig([thing(loud, { effects: { ring: { run: ring } } }), defineActor({ type: 'other', version: '1', machine: list })], { store })
    await r.create()
    r.runtime.onFact(fact)
    failures = 1
    const sending = r.runtime.send(A, { type: 'go' })
    await turn()
    expect(failures).toBe(0)
    expect([ring.mock.calls.length, fact.mock.calls.length]).toEqual([0, 0])
    // Meanwhile others hear that the database is out of reach.
    await refusal(r.runtime.send({ type: 'thing', id: 'b' }, { type: 'go' }), 'overloaded')
    expect((await sending).seq).toBe(2)
    await r.runtime.settled()
    expect([ring.mock.calls.length, fact.mock.calls.length]).toEqual([1, 1])
  })

  it('a listener that throws after the commit does not make the step happen twice', async () => {
    const fact = vi.fn(() => { throw new Error('listener broke') })
    const metrics = { committed: vi.fn(() => { throw new Error('metrics broke') }), timerFired: vi.fn(), effectFinished: vi.fn(), parked: vi.fn(), conflict: vi.fn(), duplicate: vi.fn(), slicesMoved: vi.fn(), forwarded: vi.fn() }
    const r = await rig(thing(createMachine({ context: {}, on: { go: { actions: emit({ type: 'went' }) } } })), { metrics })
    r.runtime.onFact(fact)
    await r.create()
    await r.send('go')
    expect(await r.view()).toMatchObject({ seq: 2 })
    expect(fact).toHaveBeenCalledTimes(1)
    expect(r.store.tables.outbox.size).toBe(0)
  })

  it('projections and identifiers are in the same commit, and the last rows of a batch stand', async () => {
    const r = await rig(
      thing(list, {
        projections: { lines: ({ address, context }) => [{ table: 'business.lines', key: { id: address.id }, rows: (context as { log: number[] }).log.map((n) => ({ id: address.id, n })) }] },
        identifiers: ({ context }) => (context as { log: number[] }).log.map((n) => ({ kind: 'number', value: `n${n}` })),
      }),
    )
    await r.create()
    await Promise.all([1, 2].map((n) => r.runtime.send(A, { type: 'add', n })))
    expect(r.store.tables.rows.get('business.lines')).toEqual([{ id: 'a', n: 1 }, { id: 'a', n: 2 }])
    expect(await r.runtime.search({ values: ['n2'] })).toMatchObject([{ address: { id: 'a' } }])
  })
})

describe('R2 nobody overwrites', () => {
  it('a step computed from an old sequence is computed anew; no event of either writer is lost', async () => {
    const store = memoryStore()
    const one = await rig(thing(list), { store })
    const two = await rig(thing(list), { store })
    await one.create()
    await two.runtime.send(A, { type: 'add', n: 0 })
    // Both hold the actor in memory now, and each believes to be alone.
    await Promise.all([...Array(10).keys()].flatMap((n) => [one.runtime.send(A, { type: 'add', n: n + 1 }), two.runtime.send(A, { type: 'add', n: n + 101 })]))
    const { log } = JSON.parse(store.tables.actors.get('main/thing/a')?.context ?? '{}') as { log: number[] }
    expect([...log].sort((a, b) => a - b)).toEqual([0, ...[...Array(10).keys()].map((n) => n + 1), ...[...Array(10).keys()].map((n) => n + 101)])
    expect(log.filter((n) => n > 100)).toEqual([...Array(10).keys()].map((n) => n + 101))
    const seqs = store.tables.journal.get('main/thing/a')?.map(({ seq }) => seq)
    expect(seqs).toEqual([...Array(22).keys()].map((n) => n + 1))
  })

  it('a conflict that names nobody reloads everybody', async () => {
    const memory = memoryStore()
    let conflicts = 0
    const store = decorated(memory, {
      commit: async (batch) => {
        if (conflicts > 0 && conflicts-- > 0) throw new ConflictError([])
        await memory.commit(batch)
      },
    })
    const conflict = vi.fn()
    const r = await rig(thing(list), { store, metrics: { committed: vi.fn(), timerFired: vi.fn(), effectFinished: vi.fn(), parked: vi.fn(), conflict, duplicate: vi.fn(), slicesMoved: vi.fn(), forwarded: vi.fn() } })
    await r.create()
    conflicts = 2
    await r.send({ type: 'add', n: 1 })
    expect(await r.context()).toEqual({ log: [1] })
    expect(conflict).toHaveBeenCalledTimes(2)
  })

  it('what staff do is fenced too, and done again on the reloaded actor', async () => {
    const store = memoryStore()
    const one = await rig(thing(list), { store })
    const two = await rig(thing(list), { store })
    await one.create()
    await one.send({ type: 'add', n: 1 })
    await two.send({ type: 'add', n: 2 })
    const view = await one.runtime.block(A, STAFF)
    expect(view).toMatchObject({ status: 'blocked', seq: 4, context: { log: [1, 2] } })
  })
})

describe('R3 once', () => {
  it('the same event id twice gives the first answer', async () => {
    const r = await rig(thing(list))
    await r.create()
    const first = await r.runtime.send(A, { type: 'add', n: 1 }, { eventId: 'k' })
    await r.send({ type: 'add', n: 2 })
    const again = await r.runtime.send(A, { type: 'add', n: 1 }, { eventId: 'k' })
    expect(again).toMatchObject({ outcome: 'duplicate', seq: first.seq, facts: [], actor: { seq: 2, context: { log: [1] } } })
    expect(await r.context()).toEqual({ log: [1, 2] })
  })

  it('the same event id many times at once is applied once, whatever batch they fall into', async () => {
    const r = await rig(thing(list))
    await r.create()
    const answers = await Promise.all(Array.from({ length: 5 }, () => r.runtime.send(A, { type: 'add', n: 1 }, { eventId: 'k' })))
    expect(answers.map(({ outcome }) => outcome).sort()).toEqual(['applied', 'duplicate', 'duplicate', 'duplicate', 'duplicate'])
    expect(new Set(answers.map(({ seq }) => seq))).toEqual(new Set([2]))
    expect(await r.context()).toEqual({ log: [1] })
  })

  it.each([
    ['after a restart', async () => undefined],
    ['when it would be refused now', 'close'],
    ['when the actor is done', 'end'],
  ])('a repetition %s still gets its first answer', async (_when, then) => {
    const r = await rig(thing(list))
    await r.create()
    await r.runtime.send(A, { type: 'add', n: 1 }, { eventId: 'k' })
    if (typeof then === 'string') await r.send(then)
    await r.crash()
    expect(await r.runtime.send(A, { type: 'add', n: 1 }, { eventId: 'k' })).toMatchObject({ outcome: 'duplicate', seq: 2, actor: { value: 'open', context: { log: [1] } } })
    expect(await r.context()).toEqual({ log: [1] })
  })

  it('a repetition gets its first answer even when the actor is held by now, or has moved on from `ifSeq`', async () => {
    const r = await rig(thing(list))
    await r.create()
    await r.runtime.send(A, { type: 'add', n: 1 }, { eventId: 'k', ifSeq: 1 })
    expect(await r.runtime.send(A, { type: 'add', n: 1 }, { eventId: 'k', ifSeq: 1 })).toMatchObject({ outcome: 'duplicate', seq: 2 })
    await refusal(r.runtime.send(A, { type: 'add', n: 1 }, { ifSeq: 1 }), 'stale-version')
    await r.runtime.block(A, STAFF)
    expect(await r.runtime.send(A, { type: 'add', n: 1 }, { eventId: 'k' })).toMatchObject({ outcome: 'duplicate', seq: 2 })
    await refusal(r.runtime.send(A, { type: 'add', n: 1 }, { eventId: 'new' }), 'actor-blocked')
  })

  it('creating twice under one event id is one creation', async () => {
    const r = await rig(thing(list))
    const [one, two] = await Promise.all([r.runtime.create(A, { x: 1 }, { eventId: 'k' }), r.runtime.create(A, { x: 1 }, { eventId: 'k' })])
    expect([one.seq, two.seq]).toEqual([1, 1])
    await refusal(r.runtime.create(A, { x: 1 }), 'actor-exists')
    await refusal(r.runtime.create(A, { x: 2 }, { eventId: 'k', checkBody: true }), 'idempotency-mismatch')
  })

  it('another body under a used event id is a mismatch for who asks for the comparison; the order of keys does not count', async () => {
    const r = await rig(thing(list))
    await r.create()
    await r.runtime.send(A, { type: 'add', n: 1, m: { x: 1, y: 2 } }, { eventId: 'k' })
    await refusal(r.runtime.send(A, { type: 'add', n: 2, m: { x: 1, y: 2 } }, { eventId: 'k', checkBody: true }), 'idempotency-mismatch')
    expect(await r.runtime.send(A, { m: { y: 2, x: 1 }, n: 1, type: 'add' }, { eventId: 'k', checkBody: true })).toMatchObject({ outcome: 'duplicate' })
    expect(await r.runtime.send(A, { type: 'add', n: 2 }, { eventId: 'k' })).toMatchObject({ outcome: 'duplicate' })
  })

  it('the same event id at two actors is two events', async () => {
    const r = await rig(thing(list))
    await r.create()
    await r.create(undefined, 'b')
    const [a, b] = await r.runtime.sendMany(['a', 'b'].map((id) => ({ to: { type: 'thing', id }, event: { type: 'add', n: 1 }, eventId: 'k' })))
    expect([a, b]).toMatchObject([{ ok: true, result: { outcome: 'applied' } }, { ok: true, result: { outcome: 'applied' } }])
  })

  it('mail that the bus brings again is applied once', async () => {
    const held: Mail[] = []
    let deliver: (mail: Mail) => Promise<void> = async () => undefined
    const bus = {
      ...localBus(),
      start: async (receiver: { deliver(mail: Mail): Promise<void> }) => { deliver = (mail) => receiver.deliver(mail) },
      stop: async () => undefined,
      sendMail: async (mail: Mail) => { held.push(mail); await Promise.all([deliver(mail), deliver(mail)]) },
      publishFact: async () => undefined,
      onFact: () => () => undefined,
    }
    const r = await rig([thing(loud, { effects: { ring: { run: () => 1 } } }), defineActor({ type: 'other', version: '1', machine: list })], { bus })
    await r.create()
    await r.create(undefined, 'o', 'other')
    await r.send('go')
    await r.crash()
    await deliver(held[0] as Mail)
    expect(await r.outcomes('o', 'other')).toEqual(['xstate.init applied', 'add applied'])
  })

  it('after a commit of unknown outcome the journal decides', async () => {
    const memory = memoryStore()
    let lost = false
    const store = decorated(memory, {
      commit: async (batch) => {
        await memory.commit(batch)
        if (lost) {
          lost = false
          throw new StoreUnavailableError('the answer was lost')
        }
      },
    })
    const r = await rig(thing(list), { store })
    await r.create()
    lost = true
    expect(await r.runtime.send(A, { type: 'add', n: 1 }, { eventId: 'k' })).toMatchObject({ outcome: 'duplicate', seq: 2 })
    expect(await r.context()).toEqual({ log: [1] })
  })
})

describe('R4 in order', () => {
  it('events of one sender keep their order through batches of any size', async () => {
    const r = await rig(thing(list), { limits: { batch: 7 } })
    await r.create()
    const numbers = [...Array(300).keys()]
    await Promise.all(numbers.map((n) => r.runtime.send(A, { type: 'add', n })))
    expect(await r.context()).toEqual({ log: numbers })
  })

  it('messages of one actor to another keep their order, spilled or not', async () => {
    const numbers = [...Array(40).keys()]
    const teller = createMachine({ on: { go: { actions: numbers.map(say) }, more: { actions: say(99) } } })
    const r = await rig([thing(teller), defineActor({ type: 'other', version: '1', machine: list })], { limits: { queued: 3 } })
    await r.create(undefined, 'o', 'other')
    await r.create()
    await Promise.all([r.runtime.send(A, { type: 'go' }), r.runtime.send(A, { type: 'more' })])
    await r.send('more')
    expect(await r.context('o', 'other')).toEqual({ log: [...numbers, 99, 99] })
    expect(r.store.tables.outbox.size).toBe(0)
  })

  it('a message that commits while the table is read does not overtake those that are only there', async () => {
    const teller = createMachine({ on: { go: { actions: tell({ type: 'other', id: 'o' }, ({ event }) => ({ ...event, type: 'add' })) as never } } })
    const memory = memoryStore()
    const reading = deferred()
    let onRead: () => void = () => undefined
    const store = decorated(memory, {
      unsentOutbox: async (query) => {
        const page = await memory.unsentOutbox(query)
        if (page.length > 0) {
          onRead()
          await reading.promise
        }
        return page
      },
    })
    const received: number[] = []
    const slow = deferred()
    const bus = {
      ...localBus(),
      start: async () => undefined,
      stop: async () => undefined,
      sendMail: async (mail: Mail) => { received.push((mail as unknown as { event: { n: number } }).event.n); if (received.length === 1) await slow.promise },
      publishFact: async () => undefined,
      onFact: () => () => undefined,
    }
    const r = await rig([thing(teller)], { store, bus, limits: { queued: 1 } })
    await r.create()
    // The first is on its way, the second is left to the table.
    await r.runtime.send(A, { type: 'go', n: 1 })
    await r.runtime.send(A, { type: 'go', n: 2 })
    const isReading = new Promise<void>((resolve) => { onRead = resolve })
    slow.resolve()
    await isReading
    await r.runtime.send(A, { type: 'go', n: 3 })
    reading.resolve()
    await r.runtime.settled()
    expect(received).toEqual([1, 2, 3])
  })

  it('one actor is never in two cells, however small the memory', async () => {
    const conflict = vi.fn()
    const commit = vi.fn()
    const r = await rig(thing(list), { limits: { hotActors: 0 }, metrics: { ...noMetrics, conflict, committed: commit } })
    await r.create()
    commit.mockClear()
    await Promise.all([...Array(50).keys()].map((n) => r.runtime.send(A, { type: 'add', n })))
    expect(await r.context()).toEqual({ log: [...Array(50).keys()] })
    expect(conflict).not.toHaveBeenCalled()
    expect(commit).toHaveBeenCalledTimes(1)
  })
})

it('a runtime reads nothing of another tenant', async () => {
  const runtime = createRuntime({ actors: [thing(list)], store: memoryStore(), clock: manualClock(0), sweepEveryMs: 0 })
  await runtime.start()
  await runtime.create({ ...A, tenant: 'north' })
  expect(await runtime.get(A)).toBeUndefined()
  expect((await runtime.list({ type: 'thing', limit: 5 })).data).toEqual([])
  await refusal(runtime.send(A, { type: 'add' }), 'actor-not-found')
  await runtime.stop()
})
