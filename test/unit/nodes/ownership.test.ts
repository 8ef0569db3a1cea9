/** Who owns which slice as nodes come, go, die and stop. */
import { createMachine } from 'xstate'
import { describe, expect, it } from 'vitest'
import { memoryStore, StoreUnavailableError, type Bus } from '../../../runtime/index.ts'
import type { LeaseSession } from '../../../runtime/ports/leases.ts'
import { decorated, thing } from '../engine/rig.ts'
import { Nodes } from './nodes-rig.ts'

const define = () => [thing(createMachine({ on: { go: {} } }))]

describe('slices', () => {
  it('a lone node owns all of them when its start resolves, in one beat', async () => {
    const nodes = new Nodes(define)
    let beats = 0
    const { leases } = nodes.store
    const counted = { ...leases, open: (): LeaseSession => counting(leases.open(), () => beats++) }
    const store = decorated(nodes.store, { leases: counted })
    const { runtime } = await nodes.join('a', { store, isSettled: false })
    expect(runtime.stats().slices).toBe(64)
    expect(beats).toBe(1)
    // And one a second after that.
    await nodes.time.advance(10_000)
    expect(beats).toBe(11)
  })

  it.each([2, 3, 4, 5])('are spread evenly over %i nodes', async (n) => {
    const nodes = new Nodes(define)
    for (let i = 0; i < n; i++) await nodes.join(`n${i}`)
    const counts = Object.values(nodes.counts())
    expect(counts.reduce((a, b) => a + b)).toBe(64)
    expect(Math.max(...counts) - Math.min(...counts)).toBeLessThanOrEqual(1)
    expect(new Set(await nodes.owners()).size).toBe(n)
  })

  it('a node that joins gets its share and nothing else moves', async () => {
    const nodes = new Nodes(define)
    await nodes.join('b')
    await nodes.join('c')
    const before = await nodes.owners()
    await nodes.join('d')
    const after = await nodes.owners()
    const moved = after.flatMap((owner, slice) => (owner === before[slice] ? [] : [owner]))
    expect(new Set(moved)).toEqual(new Set(['d']))
    expect(moved.length).toBe(21)
  })

  it('nodes without a way to talk share them too', async () => {
    const nodes = new Nodes(define)
    nodes.network.losesHints = true
    await nodes.join('a')
    await nodes.join('b')
    expect(nodes.counts()).toEqual({ a: 32, b: 32 })
  })

  it('who stops hands over at once', async () => {
    const nodes = new Nodes(define)
    await nodes.join('a')
    const b = await nodes.join('b')
    await b.runtime.stop()
    await nodes.time.advance(100)
    expect(nodes.counts()).toEqual({ a: 64, b: 0 })
    expect((await nodes.store.leases.list()).nodes.map(({ node }) => node)).toEqual(['a'])
  })

  it('who joins has its share in less than a second', async () => {
    const nodes = new Nodes(define)
    await nodes.join('a')
    await nodes.join('b', { isSettled: false })
    await nodes.time.advance(200)
    expect(nodes.counts()).toEqual({ a: 32, b: 32 })
  })

  it('who is killed is noticed with the next beat', async () => {
    const nodes = new Nodes(define)
    await nodes.join('a')
    await nodes.join('b')
    nodes.kill('b')
    await nodes.time.advance(1_100)
    expect(nodes.counts()).toEqual({ a: 64 })
  })

  it('a restart alone has everything back at once, though the leases of before still run', async () => {
    const nodes = new Nodes(define)
    await nodes.join('a')
    nodes.kill('a')
    await nodes.join('a2', { isSettled: false })
    expect(nodes.counts()).toEqual({ a2: 64 })
  })

  it('a node that is stopped loses them when its lease is over, and believes so itself before', async () => {
    const nodes = new Nodes(define)
    await nodes.join('a')
    const b = await nodes.join('b')
    const [first] = (await nodes.owners()).flatMap((owner, slice) => (owner === 'b' ? [slice] : []))
    const epoch = (await nodes.store.leases.list()).slices[first ?? 0]?.epoch
    b.clock.freeze()
    await nodes.time.advance(4_900)
    expect(nodes.counts()).toEqual({ a: 32, b: 32 })
    await nodes.time.advance(2_500)
    // It does not know yet; time tells it whenever it looks.
    expect(nodes.counts()).toEqual({ a: 64, b: 32 })
    expect((await nodes.store.leases.list()).slices[first ?? 0]?.epoch).toBe((epoch ?? 0) + 1)
    b.clock.thaw()
    await nodes.time.advance(50)
    expect(nodes.counts()['b']).toBe(0)
    await nodes.rest()
    expect(nodes.counts()).toEqual({ a: 32, b: 32 })
  })

  it('a database out of reach takes them from everybody, and gives them back to whom they belonged', async () => {
    let isAway = false
    const time = new Nodes(define).time
    const memory = memoryStore({ leaseNow: time.now })
    const failing = { ...memory.leases, open: (): LeaseSession => counting(memory.leases.open(), () => { if (isAway) throw new StoreUnavailableError('away') }) }
    const nodes = new Nodes(define, decorated(memory, { leases: failing }))
    await nodes.join('a', { leases: { clock: time.clock() } })
    isAway = true
    await time.advance(5_500)
    expect(nodes.counts()).toEqual({ a: 0 })
    isAway = false
    await time.advance(1_000)
    expect(nodes.counts()).toEqual({ a: 64 })
  })

  it('a bus that refuses is told again with each beat, and keeps nobody from working', async () => {
    const nodes = new Nodes(define)
    const told: number[] = []
    let isAway = true
    const own = async (slices: ReadonlyMap<number, number>): Promise<void> => {
      if (isAway) throw new Error('away')
      told.push(slices.size)
    }
    await nodes.join('a', { bus: { ...nodes.network.bus('a'), own }, isSettled: false })
    expect(nodes.counts()).toEqual({ a: 64 })
    isAway = false
    await nodes.time.advance(3_000)
    expect(told).toEqual([64])
  })

  it('a bus that does not answer holds nobody up for long', async () => {
    const nodes = new Nodes(define)
    const starting = nodes.join('a', { bus: { ...nodes.network.bus('a'), own: () => new Promise(() => undefined) }, isSettled: false })
    await nodes.time.advance(1_900)
    expect(nodes.counts()).toEqual({ a: 0 })
    await nodes.time.advance(200)
    await starting
    expect(nodes.counts()).toEqual({ a: 64 })
  })

  it('the bus is told before work on a slice begins, and after it has ended', async () => {
    const nodes = new Nodes(define)
    const seen: string[] = []
    const busOf = (name: string): Bus => ({ ...nodes.network.bus(name), own: async (slices) => void seen.push(`${name}: ${slices.size} mailed, ${nodes.all.get(name)?.runtime.stats().slices ?? 0} worked on`) })
    await nodes.join('a', { bus: busOf('a') })
    await nodes.join('b', { bus: busOf('b') })
    await nodes.all.get('a')?.runtime.stop()
    await nodes.rest()
    expect(seen).toEqual(['a: 64 mailed, 0 worked on', 'a: 32 mailed, 32 worked on', 'b: 32 mailed, 0 worked on', 'a: 0 mailed, 0 worked on', 'b: 64 mailed, 32 worked on'])
  })

  it('tells staff who is there, who owns what, and what lags behind', async () => {
    const nodes = new Nodes(define)
    await nodes.join('a')
    const b = await nodes.join('b')
    const view = await b.runtime.cluster()
    expect(view).toMatchObject({ node: 'b', nodes: [{ node: 'a', address: 'http://a', isLive: true, slices: 32 }, { node: 'b', address: 'http://b', isLive: true, slices: 32 }], lags: { outbox: { waiting: 0, oldestAt: null }, mail: { waiting: 0, slices: [] } }, bus: { isConnected: true } })
    expect(view.slices).toHaveLength(64)
    expect(view.slices.every(({ owner, epoch, leaseUntil }) => (owner === 'a' || owner === 'b') && epoch > 0 && leaseUntil !== null)).toBe(true)
  })
})

function counting(session: LeaseSession, onBeat: () => void): LeaseSession {
  return {
    beat: async (request) => {
      onBeat()
      return session.beat(request)
    },
    release: (node, held) => session.release(node, held),
    leave: (node) => session.leave(node),
    close: () => session.close(),
  }
}
