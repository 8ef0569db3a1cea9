/** All nodes' facts in one order, over a real broker (docs/adr/0014). */
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import type { PlacedFact } from '../../../runtime/index.ts'
import type { Bus } from '../../../runtime/ports/bus.ts'
import { actor, connected, eventually, fact, insist, natsNode, receiver, unique } from '../../support/bus-world.ts'
import { natsServer, type NatsServer } from '../../../sandbox/nats-server.ts'

let server: NatsServer
const ends: (() => Promise<unknown>)[] = []

beforeAll(async () => {
  server = await natsServer()
})

afterAll(() => server.dispose())

afterEach(async () => {
  for (const end of ends.splice(0)) await end()
})

async function node(prefix: string): Promise<{ bus: Bus; heard: PlacedFact[] }> {
  const { bus } = natsNode(server.url, prefix)
  await bus.start(receiver())
  ends.push(() => bus.stop())
  await connected(bus)
  const heard: PlacedFact[] = []
  bus.feed.window.follow((placed) => heard.push(placed))
  await bus.feed.window.begun(AbortSignal.timeout(10_000))
  return { bus, heard }
}

describe('the feed over JetStream', () => {
  it('tells every node the facts of all nodes, whole, in the same order and at the same positions', async () => {
    const prefix = unique('feed')
    const [one, other] = [await node(prefix), await node(prefix)]
    const sent = Array.from({ length: 40 }, (_, seq) => ({ ...fact(actor(), seq, 'lamp.turned "on"'), data: { note: 'größer 😀' }, correlationId: 'a b' }))
    await Promise.all(sent.map((each, index) => (index % 2 === 0 ? one : other).bus.publishFact(each)))
    await eventually(() => [one.heard.length, other.heard.length]).toEqual([40, 40])
    expect(other.heard).toEqual(one.heard)
    const byKey = (a: { key: string }, b: { key: string }) => (a.key < b.key ? -1 : 1)
    expect(one.heard.map((placed) => placed.fact).sort(byKey)).toEqual([...sent].sort(byKey))
  })

  it('gives what another node has not in memory, from a position that the first one told', async () => {
    const prefix = unique('feed')
    const first = await node(prefix)
    const at = actor()
    for (let seq = 1; seq <= 20; seq++) await first.bus.publishFact(fact(at, seq))
    await eventually(() => first.heard.length).toBe(20)
    const late = await node(prefix)
    const { epoch } = first.bus.feed.window
    expect(late.bus.feed.window.since(epoch ?? '', 5)).toBeUndefined()
    const page = await late.bus.feed.older?.({ epoch: epoch ?? '', order: 5 }, 10)
    expect(page).toEqual(first.heard.slice(5, 15))
    expect(await late.bus.feed.older?.({ epoch: epoch ?? '', order: 20 }, 10)).toEqual([])
    expect(await late.bus.feed.older?.({ epoch: 'another', order: 5 }, 10)).toBeUndefined()
  })

  it('goes on where it was when the broker comes back, and begins anew when it has lost everything', async () => {
    const { bus, heard } = await node(unique('feed'))
    const at = actor()
    await bus.publishFact(fact(at, 1))
    await eventually(() => heard.length).toBe(1)
    await server.stop('SIGTERM')
    await server.start()
    await insist(() => bus.publishFact(fact(at, 2)))
    await eventually(() => heard.map((placed) => placed.fact.seq)).toEqual([1, 2])
    const { epoch } = bus.feed.window
    await server.stop()
    await server.start({ wiped: true })
    await insist(() => bus.publishFact(fact(at, 3)))
    await eventually(() => heard.map((placed) => placed.fact.seq)).toEqual([1, 2, 3])
    expect(bus.feed.window.epoch).not.toBe(epoch)
  })
})
