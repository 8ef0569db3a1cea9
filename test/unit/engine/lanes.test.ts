/** Lanes of effects, and what happens when more waits than memory holds (R9, R10). */
import { createMachine, emit } from 'xstate'
import { describe, expect, it, vi } from 'vitest'
import type { EffectContext, EffectDefinition } from '../../../runtime/index.ts'
import { Lane } from '../../../runtime/engine/lane.ts'
import { address, effect } from '../../support/store-fixtures.ts'
import { deferred, rig, thing, turn } from './rig.ts'

const A = { type: 'thing', id: 'a' }
const machine = createMachine({ on: { slow: { actions: { type: 'slow' } }, fast: { actions: { type: 'fast' } } } })

describe('lanes', () => {
  it('a slow lane holds up nobody else', async () => {
    const gate = deferred()
    const fast = vi.fn()
    const r = await rig(thing(machine, { effects: { slow: { lane: 'slow', run: () => gate.promise }, fast: { lane: 'fast', run: fast } } }), { lanes: { slow: { concurrency: 1 } } })
    await r.create()
    for (let i = 0; i < 5; i++) await r.runtime.send(A, { type: 'slow' })
    await r.runtime.send(A, { type: 'fast' })
    await turn()
    expect(fast).toHaveBeenCalledTimes(1)
    expect(r.runtime.stats().effects['slow']).toEqual({ queued: 4, running: 1, oldestMs: 0 })
    gate.resolve()
    await r.runtime.settled()
    expect(r.runtime.stats().effects['slow']).toEqual({ queued: 0, running: 0 })
  })

  it('a call may wait in one lane or another by what it is asked', async () => {
    const gate = deferred()
    const asking = createMachine({ on: { ask: { actions: { type: 'ask', params: ({ event }) => ({ isUrgent: event['isUrgent'] as boolean }) } } } })
    const ask: EffectDefinition<{ isUrgent: boolean }> = { lane: ({ isUrgent }) => (isUrgent ? 'fast' : 'slow'), run: ({ isUrgent }) => (isUrgent ? undefined : gate.promise) }
    const r = await rig(thing(asking, { effects: { ask } }), { lanes: { slow: { concurrency: 1 } } })
    await r.create()
    for (const isUrgent of [false, false, true]) await r.runtime.send(A, { type: 'ask', isUrgent })
    await turn()
    expect(r.runtime.stats().effects).toMatchObject({ slow: { queued: 1, running: 1 }, fast: { queued: 0, running: 0 } })
    gate.resolve()
    await r.runtime.settled()
  })

  it('never runs more at once than the lane allows', async () => {
    let running = 0
    let most = 0
    const run = async (): Promise<void> => {
      most = Math.max(most, ++running)
      await turn(1)
      running--
    }
    const r = await rig(thing(machine, { effects: { slow: { lane: 'slow', run }, fast: { run } } }), { lanes: { slow: { concurrency: 3 } } })
    await r.create()
    await Promise.all(Array.from({ length: 20 }, () => r.runtime.send(A, { type: 'slow' })))
    await r.runtime.settled()
    expect(most).toBe(3)
  })

  it('what memory has no room for waits in the store, and is run from there, each once and the oldest first', async () => {
    const keys: string[] = []
    const run = async (_input: never, { key }: EffectContext): Promise<void> => {
      keys.push(key)
      await turn(1)
    }
    const fast = vi.fn()
    const r = await rig(thing(machine, { effects: { slow: { lane: 'slow', run }, fast: { lane: 'fast', run: fast } } }), { lanes: { slow: { concurrency: 1 } }, limits: { queued: 2 } })
    await r.create()
    await Promise.all(Array.from({ length: 30 }, () => r.runtime.send(A, { type: 'slow' })))
    await r.runtime.send(A, { type: 'fast' })
    await r.runtime.settled()
    expect(keys).toHaveLength(30)
    expect(new Set(keys).size).toBe(30)
    expect(fast).toHaveBeenCalledTimes(1)
    expect(r.store.tables.effects.size).toBe(0)
  })

  it('lanes take turns by weight when more could run than may, and none starves', async () => {
    const order: string[] = []
    const gate = deferred()
    const lane = (name: string) => ({ lane: name, run: () => void order.push(name) })
    const both = createMachine({ on: { hold: { actions: { type: 'hold' } }, slow: { actions: { type: 'slow' } }, fast: { actions: { type: 'fast' } } } })
    const r = await rig(thing(both, { effects: { hold: { lane: 'hold', run: () => gate.promise }, slow: lane('low'), fast: lane('high') } }), {
      lanes: { high: { concurrency: 10, weight: 4 }, low: { concurrency: 10, weight: 1 } },
      limits: { effectsAtOnce: 1 },
    })
    await r.create()
    await r.runtime.send(A, { type: 'hold' })
    // The low ones last: they were not there first either.
    for (let i = 0; i < 40; i++) await r.runtime.send(A, { type: 'fast' })
    for (let i = 0; i < 10; i++) await r.runtime.send(A, { type: 'slow' })
    expect(order).toEqual([])
    gate.resolve()
    await r.runtime.settled()
    expect(order).toHaveLength(50)
    for (let from = 0; from < 50; from += 5) expect(order.slice(from, from + 5).filter((name) => name === 'low')).toHaveLength(1)
  })

  it('tenants take turns within a lane, and one that fills it keeps no other out', async () => {
    const order: string[] = []
    const gate = deferred()
    const run = async (_input: never, { address }: EffectContext): Promise<void> => {
      order.push(address.tenant)
      if (order.length === 1) await gate.promise
    }
    const r = await rig(thing(machine, { effects: { slow: { lane: 'slow', run }, fast: { run } } }), { lanes: { slow: { concurrency: 1 } }, limits: { queued: 16 } })
    for (const tenant of ['big', 'small']) await r.runtime.create({ tenant, type: 'thing', id: 'a' })
    for (let i = 0; i < 40; i++) await r.runtime.send({ ...A, tenant: 'big' }, { type: 'slow' })
    await r.runtime.send({ ...A, tenant: 'small' }, { type: 'slow' })
    expect(r.runtime.stats().effects['slow']?.queued).toBe(17)
    gate.resolve()
    await r.runtime.settled()
    expect(order).toHaveLength(41)
    expect(order.indexOf('small')).toBeLessThan(4)
  })

  it('a lane says how its effects are tried again, where they do not say themselves', async () => {
    const attempts: string[] = []
    const failing = (name: string) => () => {
      attempts.push(name)
      throw new Error('no')
    }
    const effects = { slow: { lane: 'few', run: failing('few') }, fast: { lane: 'few', retry: { attempts: 3 }, run: failing('own') } }
    const r = await rig(thing(machine, { effects }), { lanes: { few: { concurrency: 1, retry: { attempts: 2, initialMs: 10 } } } })
    await r.create()
    await r.send('slow')
    await r.send('fast')
    await r.clock.advance(60_000)
    expect(attempts.sort()).toEqual(['few', 'few', 'own', 'own', 'own'])
  })

  it('knows since when the longest waiting one has been due, whosever it is', () => {
    const lane = new Lane('l', { concurrency: 1 })
    const waiting = [address('a', 'lamp', 'one'), address('b', 'lamp', 'one'), address('c', 'lamp', 'two')].map((at, index) => effect(at, 0, { nextAttemptAt: [70, 60, 65][index] ?? 0 }))
    expect(lane.oldestAt).toBeUndefined()
    for (const row of waiting) lane.push(row)
    // Within a tenant the order is that of coming.
    expect(lane.oldestAt).toBe(65)
    expect(lane.drop(({ address: { tenant } }) => tenant === 'two')).toBe(1)
    expect([lane.oldestAt, lane.queued, lane.take()?.nextAttemptAt, lane.oldestAt]).toEqual([70, 2, 70, 60])
  })

  it('facts that memory has no room for are published from the store, each once and in order', async () => {
    const facts: string[] = []
    const loud = createMachine({ on: { go: { actions: [...Array(10).keys()].map((n) => emit({ type: `f${n}` })) } } })
    const r = await rig(thing(loud), { limits: { queued: 2 } })
    r.runtime.onFact((fact) => facts.push(`${fact.seq} ${fact.type}`))
    await r.create()
    await Promise.all([r.runtime.send(A, { type: 'go' }), r.runtime.send(A, { type: 'go' })])
    await r.runtime.settled()
    expect(facts).toEqual([2, 3].flatMap((seq) => [...Array(10).keys()].map((n) => `${seq} f${n}`)))
    expect(r.store.tables.outbox.size).toBe(0)
    expect(r.runtime.stats().outbox).toBe(0)
  })

  it('unsent facts and unfinished calls of a crashed runtime are found again', async () => {
    const done: string[] = []
    const r = await rig(thing(machine, { effects: { slow: { run: () => new Promise(() => undefined) }, fast: { run: () => new Promise(() => undefined) } } }))
    await r.create()
    for (let i = 0; i < 3; i++) await r.runtime.send(A, { type: 'slow' })
    await r.crash([thing(machine, { effects: { slow: { run: (_input: never, { key }: EffectContext) => void done.push(key) }, fast: { run: () => 1 } } })])
    expect(done).toEqual(['main/thing/a/2/0', 'main/thing/a/3/0', 'main/thing/a/4/0'])
  })
})
