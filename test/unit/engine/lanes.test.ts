/** Lanes of effects, and what happens when more waits than memory holds (R9, R10). */
import { createMachine, emit } from 'xstate'
import { describe, expect, it, vi } from 'vitest'
import type { EffectContext } from '../../../runtime/index.ts'
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
    expect(r.runtime.stats().effects['slow']).toEqual({ queued: 4, running: 1 })
    gate.resolve()
    await r.runtime.settled()
    expect(r.runtime.stats().effects['slow']).toEqual({ queued: 0, running: 0 })
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
