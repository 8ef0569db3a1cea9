/** Timers, effects and messages run at the slice's owner, and move with the slice without loss and without doubling (beyond R5). */
import { assign, createMachine, emit } from 'xstate'
import { describe, expect, it } from 'vitest'
import { Activity } from '../../../runtime/engine/activity.ts'
import { OutboxRelay } from '../../../runtime/engine/outbox-relay.ts'
import { HeldSlices } from '../../../runtime/engine/ownership/held-slices.ts'
import { defineActor, durable, localBus, memoryStore, noMetrics, RetryableError, silentLog, tell, type ActorDefinition, type Fact, type JournalRow } from '../../../runtime/index.ts'
import type { PositionedOutboxRow } from '../../../runtime/model/records.ts'
import { memoryLeases } from '../../../runtime/store/memory-leases.ts'
import { decorated, deferred, thing, turn, typed } from '../engine/rig.ts'
import { Nodes } from './nodes-rig.ts'

const machine = createMachine({
  types: typed<{ context: { n: number }; events: { type: string } }>(),
  context: { n: 0 },
  initial: 'idle',
  states: {
    idle: { on: { go: 'busy', wait: 'waiting', add: { actions: assign({ n: ({ context }) => (context.n) + 1 }) } } },
    busy: { invoke: { src: 'call', id: 'c', onDone: 'done' }, on: { leave: 'idle' } },
    waiting: { after: { 1_000: 'done' } },
    done: { entry: [emit({ type: 'done' }), tell({ type: 'book', id: 'b' }, { type: 'entry' }) as never] },
  },
}).provide({ actors: { call: durable<string>() } })

const book = defineActor({ type: 'book', version: '1', machine: createMachine({ types: typed<{ context: { n: number } }>(), context: { n: 0 }, on: { entry: { actions: assign({ n: ({ context }) => (context.n as number) + 1 }) } } }) })

interface Call {
  by: string
  key: string
  interrupted: boolean
}

function world(answer: (call: Call & { signal: AbortSignal }) => unknown = () => 'ok') {
  const calls: Call[] = []
  const define = (by: string): ActorDefinition[] => [
    thing(machine, {
      effects: {
        call: {
          run: (_input, { key, interrupted, signal }) => {
            calls.push({ by, key, interrupted })
            return answer({ by, key, interrupted, signal })
          },
        },
      },
    }),
    book,
  ]
  return { calls, nodes: new Nodes(define) }
}

const at = (id: string) => ({ type: 'thing', id })

describe('work runs at the owner', () => {
  it('effects, timers and messages, whoever was asked', async () => {
    const { nodes, calls } = world()
    const fired: string[] = []
    const metricsOf = (name: string) => ({ metrics: { ...noMetrics, timerFired: () => void fired.push(name) } })
    const { runtime: a } = await nodes.join('a', metricsOf('a'))
    const { runtime: b } = await nodes.join('b', metricsOf('b'))
    await a.create({ type: 'book', id: 'b' })
    const owners: string[] = []
    for (let i = 0; i < 40; i++) {
      const owner = i % 2 === 0 ? 'a' : 'b'
      const id = await nodes.idOf(owner, 'thing', i)
      owners.push(owner)
      await (i % 3 === 0 ? a : b).create(at(id))
      await (i % 3 === 1 ? a : b).send(at(id), { type: i % 4 < 2 ? 'go' : 'wait' })
    }
    await nodes.settled()
    await nodes.clock.advance(2_000)
    await nodes.settled()
    const counts = await a.stateCounts()
    expect(counts.find(({ state }) => state === 'done')?.count).toBe(40)
    expect((await a.get({ type: 'book', id: 'b' }))?.context).toEqual({ n: 40 })
    const half = ['a', 'b'].flatMap((name) => Array<string>(10).fill(name))
    expect(calls.map(({ by }) => by).sort()).toEqual(half)
    expect(fired.sort()).toEqual(half)
    expect(new Set(nodes.network.facts.map(({ fact }) => fact.key)).size).toBe(40)
    expect(nodes.network.facts).toHaveLength(40)
    const owned = await nodes.owners()
    expect(nodes.network.facts.every(({ fact, by }) => owned[nodes.store.tables.actors.get(`main/thing/${fact.address.id}`)?.slice ?? 0] === by)).toBe(true)
    expect(nodes.store.tables.outbox.size + nodes.store.tables.effects.size).toBe(0)
  })

  it('what is committed elsewhere is left to it: a hint tells it to look', async () => {
    const { nodes, calls } = world()
    const { runtime: a } = await nodes.join('a')
    await nodes.join('b')
    await a.create({ type: 'book', id: 'b' })
    const id = await nodes.idOf('b')
    nodes.network.trouble = 'request lost'
    await a.create(at(id))
    await a.send(at(id), { type: 'go' })
    await new Promise((resolve) => setTimeout(resolve, 30))
    await nodes.settled()
    expect(calls).toEqual([{ by: 'b', key: `main/thing/${id}/2/0`, interrupted: false }])
    expect(nodes.network.facts.map(({ by }) => by)).toEqual(['b'])
    expect((await a.get(at(id)))?.value).toBe('done')
  })

  it('a hint may be lost: the sweep finds it', async () => {
    const { nodes, calls } = world()
    const { runtime: a } = await nodes.join('a')
    const { runtime: b } = await nodes.join('b', { sweepEveryMs: 20 })
    const id = await nodes.idOf('b')
    nodes.network.trouble = 'request lost'
    nodes.network.losesHints = true
    await a.create(at(id))
    await a.send(at(id), { type: 'go' })
    expect(await b.waitFor(at(id), ({ value }) => value === 'done', { timeoutMs: 2_000 })).toMatchObject({ value: 'done' })
    expect(calls.map(({ by }) => by)).toEqual(['b'])
  })

  it.each([['remembers the actor', true], ['has forgotten it', false]])('R4: what another node has left goes first, whether the owner %s', async (_what, isHot) => {
    const counter = thing(createMachine({ types: typed<{ context: { n: number } }>(), context: { n: 0 }, on: { go: { actions: [assign({ n: ({ context }) => context.n + 1 }), emit(({ context }) => ({ type: 'said', n: context.n }))] } } }))
    const nodes = new Nodes(() => [counter])
    const { runtime: a } = await nodes.join('a')
    const { runtime: b } = await nodes.join('b', { limits: { hotActors: isHot ? 10 : 0 } })
    const id = await nodes.idOf('b')
    await b.create(at(id))
    nodes.network.trouble = 'request lost'
    nodes.network.losesHints = true
    await a.send(at(id), { type: 'go' })
    await a.send(at(id), { type: 'go' })
    await b.send(at(id), { type: 'go' })
    await nodes.settled()
    expect(nodes.network.facts.map(({ by, fact }) => [by, fact.data['n']])).toEqual([['b', 1], ['b', 2], ['b', 3]])
  })

  it('a call that is cancelled from elsewhere hears of it', async () => {
    let heard: AbortSignal | undefined
    const { nodes } = world(({ signal }) => ((heard = signal), new Promise(() => undefined)))
    const { runtime: a } = await nodes.join('a')
    await nodes.join('b')
    const id = await nodes.idOf('b')
    await a.create(at(id))
    await a.send(at(id), { type: 'go' })
    await turn(10)
    nodes.network.trouble = 'request lost'
    await a.send(at(id), { type: 'leave' })
    await new Promise((resolve) => setTimeout(resolve, 30))
    await turn(10)
    expect(heard?.aborted).toBe(true)
  })
})

describe('a hand-over', () => {
  it('takes timers, effects that wait, and events that wait with it; each is done once', async () => {
    const { nodes, calls } = world()
    const { runtime: a } = await nodes.join('a')
    await a.create({ type: 'book', id: 'b' })
    const ids = Array.from({ length: 60 }, (_one, i) => `t${i}`)
    for (const id of ids) {
      await a.create(at(id))
      await a.send(at(id), { type: 'wait' })
    }
    await nodes.clock.advance(400)
    await nodes.join('b')
    // What is not ours is not kept in memory.
    const owners = await nodes.owners()
    expect(a.stats().hotActors).toBe([...nodes.store.tables.actors.values()].filter(({ slice }) => owners[slice] === 'a').length)
    await nodes.join('c')
    await nodes.clock.advance(300)
    await nodes.all.get('a')?.runtime.stop()
    nodes.all.delete('a')
    await nodes.rest()
    await nodes.clock.advance(5_000)
    await nodes.settled()
    for (const id of ids) expect(await nodes.journal(at(id))).toEqual(['xstate.init', 'wait', expect.stringContaining('xstate.after')])
    expect((await nodes.all.get('b')?.runtime.get({ type: 'book', id: 'b' }))?.context).toEqual({ n: 60 })
    expect(nodes.network.facts).toHaveLength(60)
    expect(new Set(nodes.network.facts.map(({ by }) => by))).toEqual(new Set(['b', 'c']))
    expect(calls).toEqual([])
  })

  it('waits for a call that is about to end, and does not make it again', async () => {
    const gate = deferred<string>()
    const { nodes, calls } = world(() => gate.promise)
    const { runtime: a } = await nodes.join('a')
    const ids = Array.from({ length: 30 }, (_one, i) => `t${i}`)
    for (const id of ids) await a.create(at(id))
    for (const id of ids) await a.send(at(id), { type: 'go' })
    await nodes.join('b', { isSettled: false })
    await nodes.time.advance(200)
    gate.resolve('ok')
    await turn(20)
    await nodes.rest()
    await nodes.settled()
    expect(nodes.counts()).toEqual({ a: 32, b: 32 })
    expect(calls).toHaveLength(30)
    expect((await a.stateCounts()).find(({ state }) => state === 'done')?.count).toBe(30)
  })

  it('does not wait for ever: a long call is made again by whoever takes over, under the same key, and counts once', async () => {
    const gate = deferred<string>()
    const { nodes, calls } = world(({ by }) => (by === 'a' ? gate.promise : 'from b'))
    const { runtime: a } = await nodes.join('a')
    await a.create({ type: 'book', id: 'b' })
    const ids = Array.from({ length: 30 }, (_one, i) => `t${i}`)
    for (const id of ids) await a.create(at(id))
    for (const id of ids) await a.send(at(id), { type: 'go' })
    await turn(20)
    await nodes.join('b')
    await turn(20)
    const owners = await nodes.owners()
    const inLine = [...nodes.store.tables.effects.values()].filter(({ slice, status }) => owners[slice] === 'a' && status === 'pending')
    expect(a.stats().effects['default']?.queued).toBe(inLine.length)
    gate.resolve('from a')
    await nodes.settled()
    // Those that had begun are told so; those that stood in line had not.
    const begun = new Set(calls.filter(({ by }) => by === 'a').map(({ key }) => key))
    const taken = calls.filter(({ by }) => by === 'b')
    expect(taken.filter(({ key }) => begun.has(key)).length).toBeGreaterThan(3)
    expect(taken.every(({ key, interrupted }) => interrupted === begun.has(key))).toBe(true)
    for (const id of ids) expect((await nodes.journal(at(id))).filter((type) => type === 'xstate.done.actor.c').length).toBeLessThanOrEqual(2)
    expect((await a.get({ type: 'book', id: 'b' }))?.context).toEqual({ n: 30 })
    expect(new Set(nodes.network.facts.map(({ fact }) => fact.key)).size).toBe(30)
    expect((await a.stateCounts()).find(({ state }) => state === 'done')?.count).toBe(30)
  })

  it('who dies leaves nothing undone', async () => {
    const { nodes, calls } = world(({ by }) => (by === 'a' ? new Promise(() => undefined) : 'ok'))
    const { runtime: b } = await nodes.join('b')
    const { runtime: a } = await nodes.join('a')
    await b.create({ type: 'book', id: 'b' })
    const ids = [await nodes.idOf('a'), await nodes.idOf('a', 'thing', 1), await nodes.idOf('b')]
    for (const id of ids) await a.create(at(id))
    await a.send(at(ids[0] ?? ''), { type: 'go' })
    await a.send(at(ids[1] ?? ''), { type: 'wait' })
    await turn(10)
    nodes.kill('a')
    await nodes.time.advance(1_200)
    await nodes.clock.advance(2_000)
    await nodes.settled()
    for (const id of ids.slice(0, 2)) expect((await b.get(at(id)))?.value).toBe('done')
    expect(calls).toEqual([{ by: 'a', key: `main/thing/${ids[0]}/2/0`, interrupted: false }, { by: 'b', key: `main/thing/${ids[0]}/2/0`, interrupted: true }])
    expect((await b.get({ type: 'book', id: 'b' }))?.context).toEqual({ n: 2 })
  })
})

describe('a node that was stopped and goes on', () => {
  it('does nothing before it has renewed, whatever has fallen due', async () => {
    const { nodes, calls } = world()
    const fired: string[] = []
    const { runtime: a } = await nodes.join('a', { metrics: { ...noMetrics, timerFired: () => void fired.push('a') } })
    const b = await nodes.join('b', { metrics: { ...noMetrics, timerFired: () => void fired.push('b') } })
    await a.create({ type: 'book', id: await nodes.idOf('a', 'book') })
    const id = await nodes.idOf('b')
    const other = await nodes.idOf('b', 'thing', 1)
    await a.create(at(id))
    await a.create(at(other))
    await a.send(at(id), { type: 'wait' })
    b.clock.freeze()
    nodes.all.get('a')?.clock.freeze()
    await nodes.time.advance(60_000)
    // Nobody has renewed: by time alone both know that nothing is theirs.
    await b.runtime.send(at(other), { type: 'go' })
    await nodes.clock.advance(2_000)
    await nodes.settled()
    expect([fired, calls, nodes.network.facts]).toEqual([[], [], []])
    nodes.all.get('a')?.clock.thaw()
    await nodes.time.advance(1_100)
    await nodes.clock.advance(0)
    await nodes.settled()
    expect(fired).toEqual(['a'])
    expect(calls.map(({ by }) => by)).toEqual(['a'])
    b.clock.thaw()
    await nodes.rest()
    await nodes.clock.advance(5_000)
    await nodes.settled()
    expect(fired).toEqual(['a'])
    expect(calls).toHaveLength(1)
    expect(await nodes.journal(at(id))).toEqual(['xstate.init', 'wait', expect.stringContaining('xstate.after')])
    expect(nodes.counts()).toEqual({ a: 32, b: 32 })
  })
})

describe('a lease that was over for a while', () => {
  it('begins no call that falls due meanwhile', async () => {
    const { nodes, calls } = world(() => {
      throw new RetryableError('busy', { retryAfterMs: 100 })
    })
    const { runtime, clock } = await nodes.join('a')
    await runtime.create(at('x'))
    await runtime.send(at('x'), { type: 'go' })
    await nodes.settled()
    expect(calls).toHaveLength(1)
    clock.freeze()
    await nodes.time.advance(5_500)
    await nodes.clock.advance(60_000)
    await turn(10)
    expect(calls).toHaveLength(1)
    clock.thaw()
    await nodes.rest(1_100)
    await turn(10)
    expect(calls).toHaveLength(2)
  })

  it('is ours again if nobody has taken it, with all that was let go of', async () => {
    const { nodes } = world()
    const { runtime, clock } = await nodes.join('a')
    await runtime.create(at('x'))
    await runtime.send(at('x'), { type: 'wait' })
    const epochs = (await nodes.store.leases.list()).slices.map(({ epoch }) => epoch)
    clock.freeze()
    await nodes.time.advance(5_500)
    await nodes.clock.advance(2_000)
    expect((await runtime.get(at('x')))?.value).toBe('waiting')
    clock.thaw()
    await nodes.rest(1_100)
    await nodes.settled()
    expect((await runtime.get(at('x')))?.value).toBe('done')
    expect((await nodes.store.leases.list()).slices.map(({ epoch }) => epoch)).toEqual(epochs)
  })
})

describe('messages that the bus does not take', () => {
  it('go with the slice; the node of before sends them no more', async () => {
    const { nodes } = world()
    const a = await nodes.join('a')
    const { runtime: b } = await nodes.join('b')
    await a.runtime.create({ type: 'book', id: 'b' })
    const id = await nodes.idOf('a')
    await a.runtime.create(at(id))
    nodes.network.refusing.add('a')
    await a.runtime.send(at(id), { type: 'go' })
    await turn(20)
    expect(nodes.network.facts).toEqual([])
    // It is stopped: the other takes over, and what the bus refused is the other's to send.
    a.clock.freeze()
    await nodes.rest(8_000)
    await b.settled()
    expect(nodes.network.facts.map(({ by }) => by)).toEqual(['b'])
    nodes.network.refusing.delete('a')
    await new Promise((resolve) => setTimeout(resolve, 250))
    await nodes.settled()
    expect(nodes.network.facts.map(({ by }) => by)).toEqual(['b'])
  })

  it('R4: those that a dead node has left go before what is said after it', async () => {
    const counter = thing(createMachine({ types: typed<{ context: { n: number } }>(), context: { n: 0 }, on: { go: { actions: [assign({ n: ({ context }) => context.n + 1 }), emit(({ context }) => ({ type: 'said', n: context.n }))] } } }))
    const nodes = new Nodes(() => [counter])
    const reading = deferred()
    let isSlow = false
    const store = decorated(nodes.store, {
      unsentOutbox: async (query) => {
        const rows = await nodes.store.unsentOutbox(query)
        if (isSlow) await reading.promise
        return rows
      },
    })
    const { runtime: b } = await nodes.join('b', { store })
    const { runtime: a } = await nodes.join('a')
    const id = await nodes.idOf('a')
    await a.create(at(id))
    nodes.network.refusing.add('a')
    await a.send(at(id), { type: 'go' })
    await a.send(at(id), { type: 'go' })
    isSlow = true
    nodes.kill('a')
    await nodes.time.advance(1_200)
    expect(nodes.counts()).toEqual({ b: 64 })
    await b.send(at(id), { type: 'go' })
    await turn(10)
    isSlow = false
    reading.resolve()
    await nodes.settled()
    expect(nodes.network.facts.map(({ fact }) => fact.data['n'])).toEqual([1, 2, 3])
  })

  it('R4: nor are they passed by when slices come while the table is being read', async () => {
    const sent: string[] = []
    const slices = new HeldSlices({ now: () => 0, after: () => () => undefined })
    slices.extend(1)
    slices.activate([1])
    const row = (position: number, slice: number): PositionedOutboxRow => ({ position, key: `main/thing/s${slice}/${position}/0`, sender: { tenant: 'main', type: 'thing', id: `s${slice}` }, slice, kind: 'fact', body: JSON.stringify({ key: `${position}` }) })
    const rows = [row(3, 2), row(5, 1)]
    const reading = deferred()
    const memory = memoryStore()
    const store = decorated(memory, {
      unsentOutbox: async ({ afterPosition, slices: asked }) => {
        const page = rows.filter(({ position, slice }) => position > afterPosition && asked?.includes(slice))
        await reading.promise
        return page
      },
    })
    const bus = { ...localBus(), publishFact: async ({ key }: Fact) => void sent.push(key) }
    const relay = new OutboxRelay({ store, bus, slices, activity: new Activity(), log: silentLog, queued: 100 })
    const sweeping = relay.sweep()
    relay.readAnew()
    slices.activate([2])
    reading.resolve()
    await sweeping
    await turn()
    expect(sent).toEqual(['5', '3'])
    expect(relay.partial).toBe(false)
    relay.kill()
  })
})

describe('two nodes that both believe they own everything', () => {
  it('R2, R3: every event is in the journal once, every effect has one key, nothing is lost', async () => {
    const { nodes, calls } = world()
    // Each has a table of leases of its own, and so all slices.
    const own = () => ({ store: decorated(nodes.store, { leases: memoryLeases(nodes.time.now) }), sweepEveryMs: 10 })
    const { runtime: a } = await nodes.join('a', own())
    const { runtime: b } = await nodes.join('b', own())
    expect(nodes.counts()).toEqual({ a: 64, b: 64 })
    await a.create({ type: 'book', id: 'b' })
    const ids = Array.from({ length: 10 }, (_one, i) => `t${i}`)
    for (const id of ids) await a.create(at(id))
    // The same commands to both, as a sender without an answer would send them.
    const sends = ids.flatMap((id) => Array.from({ length: 20 }, (_one, n) => [a, b].map((runtime) => runtime.send(at(id), { type: 'add' }, { eventId: `${id}-${n}` }))).flat())
    const results = await Promise.all(sends)
    expect(results.filter(({ outcome }) => outcome === 'applied')).toHaveLength(200)
    await Promise.all(ids.flatMap((id, i) => [a, b].map((runtime) => runtime.send(at(id), { type: i % 2 === 0 ? 'go' : 'wait' }, { eventId: `${id}-go` }))))
    await nodes.clock.advance(2_000)
    await new Promise((resolve) => setTimeout(resolve, 100))
    await nodes.settled()
    for (const id of ids) {
      const rows: JournalRow[] = await nodes.store.history({ tenant: 'main', type: 'thing', id }, { limit: 100, order: 'asc' })
      expect(rows.map(({ seq }) => seq)).toEqual(rows.map((_row, i) => i + 1))
      expect(rows.filter(({ eventType }) => eventType === 'add')).toHaveLength(20)
      expect(rows.filter(({ eventType, outcome }) => (eventType.startsWith('xstate.after') || eventType.startsWith('xstate.done')) && outcome === 'applied')).toHaveLength(1)
      expect((await a.get(at(id)))?.value).toBe('done')
    }
    expect(new Set(calls.map(({ key }) => key)).size).toBe(5)
    expect((await b.get({ type: 'book', id: 'b' }))?.context).toEqual({ n: 10 })
    expect(new Set(nodes.network.facts.map(({ fact }) => fact.key)).size).toBe(10)
    expect(nodes.store.tables.outbox.size + nodes.store.tables.effects.size).toBe(0)
  })
})

describe('a node alone', () => {
  it('asks the store for all slices without naming them', async () => {
    const seen: unknown[] = []
    const memory = memoryStore()
    const store = decorated(memory, {
      dueTimers: (query) => (seen.push(query.slices), memory.dueTimers(query)),
      dueEffects: (query) => (seen.push(query.slices), memory.dueEffects(query)),
      unsentOutbox: (query) => (seen.push(query.slices), memory.unsentOutbox(query)),
    })
    const { nodes } = world()
    await nodes.join('a', { store })
    expect(seen.length).toBeGreaterThanOrEqual(3)
    expect(seen.every((slices) => slices === undefined)).toBe(true)
  })
})
