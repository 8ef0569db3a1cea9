/** What the engine relies on in any bus. Each case is one promise of `runtime/ports/bus.ts`. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { addressKey, sliceOf } from '../../runtime/model/address.ts'
import type { Mail } from '../../runtime/model/messages.ts'
import type { Bus } from '../../runtime/ports/bus.ts'
import { actor, actorIn, allSlices, connected, eventually, fact, gate, mail, post, receiver, type Receiver } from '../support/bus-world.ts'

export interface BusesUnderTest {
  /** One node's bus, not started. Those of one test share their mail, when they can. */
  node(): Bus
  dispose(): Promise<void>
}

interface Node {
  bus: Bus
  received: Receiver
}

export function busContract(name: string, make: () => Promise<BusesUnderTest>): void {
  describe(`bus contract: ${name}`, () => {
    const node = nodesOf(make)

    it('hands over mail as it was sent', async () => {
      const { bus, received } = await node(allSlices())
      const [to, from] = [actor(), actor('kind~child-1.x')]
      const common = { to, from, correlationId: 'größe', causationId: 'cause' }
      const mails: Mail[] = [
        { ...common, key: 'k/1', kind: 'event', event: { type: 'toggle', note: 'a\u0000b "ü" 😀', deep: { list: [1, null] } }, childId: 'c', childKey: 'ck' },
        { ...common, key: 'k/2', kind: 'start', input: { a: 1 }, parent: { address: from, childId: 'c' } },
        { ...common, key: 'k/3', kind: 'stop' },
      ]
      await post(bus, mails)
      await eventually(() => received.taken).toEqual(mails)
    })

    it('R4: hands over mail of one sender to one receiver in the order of the calls', async () => {
      const { bus, received } = await node(allSlices())
      const pairs = Array.from({ length: 6 }, () => ({ to: actor(), from: actor() }))
      const mails = Array.from({ length: 80 }, () => pairs.map(({ to, from }) => mail(to, from))).flat()
      await Promise.all(mails.map((one) => bus.sendMail(one)))
      await eventually(() => received.taken.length).toBe(mails.length)
      for (const pair of pairs) expect(keysOf(received.offered, pair)).toEqual(keysOf(mails, pair))
    })

    it('R4: brings again what was not taken, and lets nothing overtake it', async () => {
      const { bus, received } = await node(allSlices())
      const refusals = new Map<string, number>()
      received.answer = async ({ key }) => {
        await Promise.resolve()
        const before = refusals.get(key) ?? 0
        refusals.set(key, before + 1)
        // Every third mail is refused twice.
        if (before < 2 && Number(key.split('#')[1]) % 3 === 0) throw new Error('not now')
      }
      const pairs = Array.from({ length: 4 }, () => ({ to: actor(), from: actor() }))
      const lines = pairs.map(({ to, from }, line) => Array.from({ length: 20 }, (_, n) => mail(to, from, `${line}#${n}`)))
      await Promise.all(lines.map((line) => post(bus, line)))
      await eventually(() => received.taken.length).toBe(80)
      for (const [index, pair] of pairs.entries()) expect(keysOf(received.taken, pair)).toEqual(lines[index]?.map(({ key }) => key))
      expect(refusals.get('2#3')).toBe(3)
    })

    it('tells listeners facts as they are published, in order, until they leave', async () => {
      const { bus } = await node(allSlices())
      const heard: string[] = []
      const leave = bus.onFact(({ key }) => heard.push(key))
      const at = actor()
      const facts = Array.from({ length: 30 }, (_, seq) => fact(at, seq))
      for (const one of facts) await bus.publishFact(one)
      expect(heard).toEqual(facts.map(({ key }) => key))
      leave()
      await bus.publishFact(fact(at, 31))
      expect(heard).toHaveLength(30)
    })

    it('hands over nothing after it has stopped', async () => {
      const { bus, received } = await node(allSlices())
      await post(bus, [mail(actor())])
      await eventually(() => received.taken.length).toBe(1)
      await bus.stop()
      await expect(bus.sendMail(mail(actor()))).rejects.toThrow(/not started|away/)
      expect(received.offered).toHaveLength(1)
    })
  })
}

/** Of a bus that carries mail between nodes. */
export function sharedBusContract(name: string, make: () => Promise<BusesUnderTest>): void {
  describe(`contract of a bus between nodes: ${name}`, () => {
    const node = nodesOf(make)

    it('brings the mail of a slice to the node that owns it, and to no other', async () => {
      const one = await node(new Map([[3, 1]]))
      const other = await node(new Map([[4, 1]]))
      const mails = [3, 4, 3, 4].map((slice) => mail(actorIn(slice)))
      await post(one.bus, mails)
      await eventually(() => one.received.taken.length + other.received.taken.length).toBe(4)
      expect(one.received.taken.map(({ to }) => sliceOf(to))).toEqual([3, 3])
      expect(other.received.taken.map(({ to }) => sliceOf(to))).toEqual([4, 4])
    })

    it('keeps mail that nobody owns, until somebody does', async () => {
      const { bus, received } = await node(new Map())
      const mails = Array.from({ length: 5 }, () => mail(actorIn(9)))
      await post(bus, mails)
      await eventually(() => bus.status().waitingMail.size).toBe(0)
      expect(received.offered).toEqual([])
      await bus.own(new Map([[9, 1]]))
      await eventually(received.keys).toEqual(mails.map(({ key }) => key))
    })

    it('takes nothing more of a slice once giving it up has resolved, and has let running work end', async () => {
      const { bus, received } = await node(new Map([[5, 1]]))
      const { passed, open } = gate()
      received.answer = () => passed
      const [to, from] = [actorIn(5), actor()]
      await post(bus, [mail(to, from, 'first'), mail(to, from, 'second')])
      await eventually(() => received.offered.length).toBe(1)
      let isGivenUp = false
      const givingUp = bus.own(new Map([[6, 1]])).then(() => (isGivenUp = true))
      await post(bus, [mail(actorIn(6), from, 'elsewhere')])
      await eventually(() => received.offered.map(({ key }) => key)).toContain('elsewhere')
      expect(isGivenUp).toBe(false)
      open()
      await givingUp
      await eventually(received.keys).toContain('elsewhere')
      expect(received.keys().sort()).toEqual(['elsewhere', 'first'])
      // It is taken once it is owned again.
      await bus.own(new Map([[5, 2], [6, 1]]))
      await eventually(received.keys).toContain('second')
    })

    it('waits, when it stops, for what is under way, and loses nothing of the rest', async () => {
      const { bus, received } = await node(new Map([[5, 1]]))
      const { passed, open } = gate()
      received.answer = () => passed
      const [to, from] = [actorIn(5), actor()]
      await post(bus, [mail(to, from, 'first'), mail(to, from, 'second')])
      await eventually(() => received.offered.length).toBe(1)
      let isStopped = false
      const stopping = bus.stop().then(() => (isStopped = true))
      await new Promise((resolve) => setImmediate(resolve))
      expect(isStopped).toBe(false)
      open()
      await stopping
      expect(received.keys()).toEqual(['first'])
      const next = await node(new Map([[5, 2]]))
      await eventually(next.received.keys).toEqual(['second'])
    })

    it('gives whoever takes over with a higher epoch all that is not acknowledged, in order', async () => {
      const former = await node(new Map([[7, 1]]))
      const stuck = gate()
      former.received.answer = () => stuck.passed
      const [to, from] = [actorIn(7), actor()]
      const mails = Array.from({ length: 40 }, () => mail(to, from))
      await post(former.bus, mails.slice(0, 30))
      await eventually(() => former.received.offered.length).toBe(1)
      const heir = await node(new Map([[7, 2]]))
      await post(heir.bus, mails.slice(30))
      await eventually(heir.received.keys).toEqual(mails.map(({ key }) => key))
      // What the former owner has finished and acknowledges now changes nothing, and it is offered nothing more.
      stuck.open()
      await eventually(() => former.received.taken.length).toBe(1)
      const after = mail(to, from)
      await post(heir.bus, [after])
      await eventually(heir.received.keys).toEqual([...mails, after].map(({ key }) => key))
      expect(former.received.offered).toHaveLength(1)
    })
  })
}

function nodesOf(make: () => Promise<BusesUnderTest>): (slices: ReadonlyMap<number, number>) => Promise<Node> {
  let current: BusesUnderTest | undefined
  const started: Bus[] = []
  beforeEach(async () => {
    current = await make()
  })
  afterEach(async () => {
    await Promise.all(started.splice(0).map((bus) => bus.stop()))
    await current?.dispose()
  })
  return async (slices) => {
    if (current === undefined) throw new Error('the buses are not made yet')
    const bus = current.node()
    const received = receiver()
    started.push(bus)
    await bus.start(received)
    await bus.own(slices)
    await connected(bus)
    return { bus, received }
  }
}

function keysOf(mails: readonly Mail[], { to, from }: Pick<Mail, 'to' | 'from'>): string[] {
  return mails.filter((one) => addressKey(one.to) === addressKey(to) && addressKey(one.from) === addressKey(from)).map(({ key }) => key)
}
