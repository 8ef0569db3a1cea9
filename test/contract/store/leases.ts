import { setTimeout as delay } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { BeatAnswer, BeatRequest, LeaseSession } from '../../../runtime/ports/leases.ts'
import type { Subject } from './subject.ts'

const ALL = Array.from({ length: 64 }, (_one, slice) => slice)
const LONG_MS = 60_000
/** Also what a database that has just been started still gives to leases of before. */
const WAIT_MS = 6_000

export function leaseCases(subject: Subject): void {
  const open: LeaseSession[] = []
  beforeEach(() => subject().clear())
  afterEach(() => {
    for (const session of open.splice(0)) session.close()
  })

  function session(): LeaseSession {
    const made = subject().store.leases.open()
    open.push(made)
    return made
  }

  function beat(by: LeaseSession, node: string, changes: Partial<BeatRequest> = {}): Promise<BeatAnswer> {
    return by.beat({ node, address: `http://${node}`, leaseMs: LONG_MS, held: new Map(), take: [], takeOnlyAlone: false, isFirst: false, ...changes })
  }

  async function until(look: () => Promise<boolean>): Promise<void> {
    for (const end = Date.now() + WAIT_MS; !(await look()); ) {
      if (Date.now() > end) throw new Error('it does not come')
      await delay(20)
    }
  }

  const namesOf = ({ nodes }: { nodes: BeatAnswer['nodes'] }): string[] => nodes.filter(({ isLive }) => isLive).map(({ node }) => node)

  it('a lone node takes all slices in its first beat', async () => {
    const answer = await beat(session(), 'a', { take: ALL, takeOnlyAlone: true })
    expect([...answer.held.keys()]).toEqual(ALL)
    expect(answer.slices.map(({ slice, isFree }) => [slice, isFree])).toEqual(ALL.map((slice) => [slice, true]))
    const { nodes, slices } = await subject().store.leases.list()
    expect(nodes).toEqual([{ node: 'a', address: 'http://a', startedAt: expect.any(Number) as number, seenAt: expect.any(Number) as number, isLive: true }])
    expect(slices.every(({ owner, epoch, leaseUntil, isFree }, slice) => owner === 'a' && epoch === answer.held.get(slice) && (leaseUntil ?? 0) > (nodes[0]?.seenAt ?? 0) && !isFree)).toBe(true)
  })

  it('takes nothing beside another when it wants all alone, and only what is free otherwise', async () => {
    const [a, b] = [session(), session()]
    const first = await beat(a, 'a', { take: [1, 2, 3] })
    expect((await beat(b, 'b', { take: ALL, takeOnlyAlone: true })).held.size).toBe(0)
    const answer = await beat(b, 'b', { take: [3, 4, 5] })
    expect([...answer.held.keys()]).toEqual([4, 5])
    expect(namesOf(answer)).toEqual(['a', 'b'])
    expect(answer.slices.filter(({ owner }) => owner === 'a').map(({ slice }) => slice)).toEqual([1, 2, 3])
    expect((await beat(a, 'a', { held: first.held })).held).toEqual(first.held)
  })

  it('renews without raising the epoch, and each new owner has a higher one', async () => {
    const [a, b] = [session(), session()]
    const { held } = await beat(a, 'a', { take: [7] })
    const epoch = held.get(7) ?? 0
    expect((await beat(a, 'a', { held })).held).toEqual(held)
    await a.release('a', held)
    expect((await beat(b, 'b', { take: [7] })).held).toEqual(new Map([[7, epoch + 1]]))
    // What it thought to hold is told by being left out; an epoch of before releases nothing.
    expect((await beat(a, 'a', { held })).held.size).toBe(0)
    await a.release('a', held)
    await b.release('b', held)
    expect((await subject().store.leases.list()).slices[7]?.owner).toBe('b')
  })

  it('remembers the first beat of a node, and forgets it when the node is started anew', async () => {
    const a = session()
    const startOf = async (): Promise<number> => (await subject().store.leases.list()).nodes[0]?.startedAt ?? 0
    await beat(a, 'a', { isFirst: true })
    const first = await startOf()
    await delay(5)
    await beat(a, 'a')
    expect(await startOf()).toBe(first)
    await beat(session(), 'a', { isFirst: true })
    expect(await startOf()).toBeGreaterThan(first)
  })

  it('a node that has forgotten what it held takes its own slices anew', async () => {
    const a = session()
    const { held } = await beat(a, 'a', { take: [1, 2] })
    expect((await beat(a, 'a')).held.size).toBe(0)
    expect((await beat(a, 'a', { take: [1] })).held).toEqual(new Map([[1, (held.get(1) ?? 0) + 1]]))
  })

  it('what two claim at once one of them gets', async () => {
    const nodes = ['a', 'b', 'c', 'd'].map((node) => ({ node, by: session() }))
    for (const { node, by } of nodes) await beat(by, node)
    for (let round = 0; round < 10; round++) {
      const answers = await Promise.all(nodes.map(({ node, by }) => beat(by, node, { take: ALL })))
      const taken = answers.flatMap(({ held }) => [...held.keys()])
      expect(taken.sort((x, y) => x - y)).toEqual(ALL)
      await Promise.all(nodes.map(({ node, by }, i) => by.release(node, answers[i]?.held ?? new Map())))
    }
  })

  it('a lease that is over can be taken, and its owner hears that it is lost', async () => {
    const [a, b] = [session(), session()]
    const { held } = await beat(a, 'a', { take: [1, 2], leaseMs: 30 })
    await until(async () => (await beat(b, 'b', { take: [1] })).held.has(1))
    // Late, but nobody has taken the other one.
    expect((await beat(a, 'a', { held })).held).toEqual(new Map([[2, held.get(2)]]))
  })

  it('who leaves is gone at once, with all it held', async () => {
    const [a, b] = [session(), session()]
    await beat(a, 'a', { take: ALL })
    await beat(b, 'b')
    await a.leave('a')
    const answer = await beat(b, 'b', { take: ALL, takeOnlyAlone: true })
    expect(answer.held.size).toBe(64)
    expect(answer.nodes.map(({ node }) => node)).toEqual(['b'])
  })

  it('a session that ends without leaving is noticed at once, whatever its lease says', async () => {
    const [a, b] = [session(), session()]
    await beat(a, 'a', { take: ALL })
    await beat(b, 'b')
    a.close()
    await until(async () => (await beat(b, 'b', { take: ALL, takeOnlyAlone: true, isFirst: true })).held.size === 64)
    await until(async () => namesOf(await beat(b, 'b')).join() === 'b')
  })

  describe('a closed session', () => {
    it('beats no more', async () => {
      const a = session()
      await beat(a, 'a')
      a.close()
      await expect(beat(a, 'a')).rejects.toThrow()
    })
  })
}
