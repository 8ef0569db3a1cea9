/** Facts for whoever watches, from now on or from a position on (docs/adr/0014). */
import { createMachine, emit } from 'xstate'
import { describe, expect, it } from 'vitest'
import { FactWindow } from '../../../runtime/feed/fact-window.ts'
import { Feed } from '../../../runtime/feed/feed.ts'
import { manualClock, memoryStore, silentLog, type Fact, type PlacedFact, type Runtime } from '../../../runtime/index.ts'
import { rig, thing, turn } from './rig.ts'

const machine = createMachine({ on: { go: { actions: emit(({ event }) => ({ type: 'went', n: (event as unknown as { n: number }).n })) } } })

function watch(runtime: Runtime, after?: string, tenant = 'main') {
  const heard: PlacedFact[] = []
  const lost: string[] = []
  const leave = runtime.follow({ tenant, after, onFact: (placed) => heard.push(placed), onLost: (reason) => lost.push(reason) })
  return { heard, lost, leave, numbers: () => heard.map(({ fact }) => fact.data['n']), position: (n: number) => heard.find(({ fact }) => fact.data['n'] === n)?.position ?? '' }
}

function fact(n: number, at = n): Fact {
  return { key: `main/thing/a/${n}/0`, address: { tenant: 'main', type: 'thing', id: 'a' }, seq: n, type: 'went', data: { n }, at, correlationId: 'c', causationId: 'd' }
}

describe('following facts', () => {
  it('tells what happens from now on, to its tenant alone, until it is left', async () => {
    const r = await rig(thing(machine))
    await r.create()
    await r.send({ type: 'go', n: 1 })
    const [own, stranger] = [watch(r.runtime), watch(r.runtime, undefined, 'other')]
    await r.send({ type: 'go', n: 2 })
    own.leave()
    await r.send({ type: 'go', n: 3 })
    expect([own.numbers(), stranger.numbers()]).toEqual([[2], []])
  })

  it('goes on after a position without a gap and without a repetition', async () => {
    const r = await rig(thing(machine))
    await r.create()
    const first = watch(r.runtime)
    for (let n = 1; n <= 5; n++) await r.send({ type: 'go', n })
    const again = watch(r.runtime, first.position(2))
    await r.send({ type: 'go', n: 6 })
    await turn()
    await r.send({ type: 'go', n: 7 })
    expect(again.numbers()).toEqual([3, 4, 5, 6, 7])
  })

  it('after a crash the journal tells what was missed, in order and under the same keys', async () => {
    const r = await rig(thing(machine))
    await r.create()
    const first = watch(r.runtime)
    for (let n = 1; n <= 5; n++) await r.send({ type: 'go', n })
    const position = first.position(3)
    await r.crash()
    await r.send({ type: 'go', n: 6 })
    const again = watch(r.runtime, position)
    await expect.poll(() => again.numbers().at(-1)).toBe(6)
    await r.send({ type: 'go', n: 7 })
    // Some twice, for the journal is read from a little before; none is missing.
    expect([...new Set(again.heard.map(({ fact: { key } }) => key))].filter((key) => !first.heard.slice(0, 3).some(({ fact: { key: known } }) => known === key))).toHaveLength(4)
    const [, ...rest] = again.heard
    expect(rest.every(({ fact: { seq } }, index) => seq >= (again.heard[index]?.fact.seq ?? 0))).toBe(true)
    // And from what the journal told one can go on, too.
    const third = watch(r.runtime, again.heard[0]?.position)
    await expect.poll(() => third.numbers().at(-1)).toBe(7)
  })

  it('says so when a position is none', async () => {
    const r = await rig(thing(machine))
    const watcher = watch(r.runtime, 'yesterday')
    await turn()
    expect(watcher.lost).toEqual(['this is no position of ours'])
  })
})

describe('the window of newest facts', () => {
  it('is bounded (R9), knows what it no longer holds, and drops repetitions', () => {
    const window = new FactWindow(3)
    window.begin('e', 0)
    for (const n of [1, 2, 2, 1, 3, 4, 5]) window.add(n, fact(n))
    const since = (order: number) => window.since('e', order)?.map(({ order: found }) => found)
    expect([since(1), since(2), since(4), since(5), since(9), window.since('other', 4)]).toEqual([undefined, [3, 4, 5], [5], [], [], undefined])
  })

  it('what has left it is read where the bus keeps it, as slowly as the reader takes it', async () => {
    const window = new FactWindow(2)
    window.begin('e', 0)
    const all = Array.from({ length: 9 }, (_, n): PlacedFact => ({ position: `e.${n + 1}.0`, order: n + 1, fact: fact(n + 1) }))
    for (const { order, fact: one } of all) window.add(order, one)
    const pages: number[] = []
    const older = async ({ order }: { order: number }) => {
      pages.push(order)
      return all.slice(order, order + 3)
    }
    const feed = new Feed({ bus: { window, older }, store: memoryStore(), clock: manualClock(0), log: silentLog })
    const heard: number[] = []
    feed.follow({ tenant: 'main', after: 'e.2.0', onFact: ({ order }) => heard.push(order), ready: () => turn(1), onLost: () => heard.push(-1) })
    await expect.poll(() => heard.length).toBe(7)
    window.add(10, fact(10))
    expect(heard).toEqual([3, 4, 5, 6, 7, 8, 9, 10])
    expect(pages).toEqual([2, 5])
  })

  it('a place that this node has not come to yet is waited for', async () => {
    const window = new FactWindow()
    const feed = new Feed({ bus: { window }, store: memoryStore(), clock: manualClock(0), log: silentLog })
    const heard: number[] = []
    feed.follow({ tenant: 'main', after: 'e.3.0', onFact: ({ order }) => heard.push(order), onLost: () => heard.push(-1) })
    await turn()
    window.begin('e', 1)
    await turn()
    for (const n of [2, 3, 4]) window.add(n, fact(n))
    expect(heard).toEqual([4])
  })
})
