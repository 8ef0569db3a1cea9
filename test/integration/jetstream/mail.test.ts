/** Mail over JetStream: what the contract of every bus does not ask. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { JetStreamBus, JetStreamBusOptions } from '../../../runtime/bus/jetstream/index.ts'
import { sliceOf } from '../../../runtime/model/address.ts'
import { brokerView, type BrokerView } from '../../support/broker-view.ts'
import { actor, actorIn, connected, eventually, gate, mail, natsNode, post, receiver, recordedLog, unique, type Receiver } from '../../support/bus-world.ts'
import { AckPolicy, DeliverPolicy } from '../../support/nats-client.ts'
import { natsServer, type NatsServer } from '../../../sandbox/nats-server.ts'

let server: NatsServer
let view: BrokerView
let prefix: string
let MAIL: string
let DEAD: string
const ends: (() => Promise<unknown>)[] = []

beforeAll(async () => {
  server = await natsServer()
  view = await brokerView(server.url)
})

afterAll(async () => {
  await view.close()
  await server.dispose()
})

beforeEach(() => {
  prefix = unique('mail')
  MAIL = `${prefix.toUpperCase()}_MAIL`
  DEAD = `${prefix.toUpperCase()}_DEAD`
})

afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end()
})

async function node(slices: [number, number][], options: Partial<JetStreamBusOptions> = {}): Promise<JetStreamBus & { received: Receiver }> {
  const parts = natsNode(server.url, prefix, options)
  const received = receiver()
  await parts.bus.start(received)
  await parts.bus.own(new Map(slices))
  ends.push(() => parts.bus.stop())
  await connected(parts.bus)
  return { ...parts, received }
}

describe('mail', () => {
  it('of a slice goes together while a message of it is on its way, and is told by its keys', async () => {
    const published: number[] = []
    const { bus } = await node([], { metrics: { published: (_kind, count) => published.push(count) }, limits: { batchMails: 8 } })
    const [to, from] = [actorIn(11), actor()]
    const mails = Array.from({ length: 20 }, () => mail(to, from))
    await Promise.all(mails.map((one) => bus.sendMail(one)))
    expect(published).toEqual([1, 8, 8, 3])
    const stored = await view.stored(MAIL)
    expect(stored.map(({ subject }) => subject)).toEqual(Array.from({ length: 4 }, () => `${prefix}.mail.11`))
    expect(stored.flatMap(({ text }) => JSON.parse(text) as unknown[])).toEqual(mails)
    expect(stored[0]?.headers).toEqual({ 'Nats-Msg-Id': mails[0]?.key })
    expect(new Set(stored.map(({ headers }) => headers['Nats-Msg-Id'])).size).toBe(4)
  })

  it('of many slices goes in fuller messages than one each, all slices in turn', async () => {
    const published: number[] = []
    const { bus } = await node([], { timing: { mailPaceMs: 60_000 }, metrics: { published: (_kind, count) => published.push(count) } })
    const from = actor()
    const rounds = Array.from({ length: 5 }, () => [1, 2, 3, 4, 5, 6].map((slice) => mail(actorIn(slice), from)))
    await Promise.all(rounds.flat().map((one) => bus.sendMail(one)))
    // The first left with what was there first; the others found their five waiting, and so did the rest of it.
    expect(published).toEqual([1, 5, 5, 5, 5, 5, 4])
    const stored = await view.stored(MAIL)
    for (const slice of [1, 2, 3, 4, 5, 6]) {
      const arrived = stored.filter(({ subject }) => subject === `${prefix}.mail.${slice}`).flatMap(({ text }) => JSON.parse(text) as unknown[])
      expect(arrived).toEqual(rounds.map((round) => round[slice - 1]))
    }
  })

  it('goes in messages that the broker takes, however many there are', async () => {
    const small = await natsServer({ config: 'max_payload: 8192' })
    ends.push(() => small.dispose())
    const parts = natsNode(small.url, prefix)
    const received = receiver()
    await parts.bus.start(received)
    ends.push(() => parts.bus.stop())
    await parts.bus.own(new Map([[1, 1]]))
    await connected(parts.bus)
    const [to, from] = [actorIn(1), actor()]
    const mails = Array.from({ length: 60 }, () => ({ ...mail(to, from), event: { type: 'toggle', text: 'x'.repeat(500) } }) as ReturnType<typeof mail>)
    await Promise.all(mails.map((one) => parts.bus.sendMail(one)))
    await eventually(received.keys).toEqual(mails.map(({ key }) => key))
  })

  it('is stored once when it is sent twice within the window of the broker', async () => {
    const { bus } = await node([])
    const twice = mail(actorIn(1))
    await post(bus, [twice, twice])
    expect(await view.count(MAIL)).toBe(1)
  })

  it('sent again in other company is not mistaken for what was stored before', async () => {
    const { bus, received } = await node([])
    const [to, from] = [actorIn(1), actor()]
    const [a, b, c] = [mail(to, from), mail(to, from), mail(to, from)]
    await Promise.all([mail(to, from), a, b].map((one) => bus.sendMail(one)))
    await Promise.all([mail(to, from), a, c].map((one) => bus.sendMail(one)))
    await bus.own(new Map([[1, 1]]))
    await eventually(received.keys).toContain(c.key)
    expect(received.keys().filter((key) => key === a.key)).toHaveLength(2)
  })

  it('that is stored twice, long after the window of the broker, comes twice with the same key', async () => {
    const { bus, received } = await node([[1, 1]])
    const sent = mail(actorIn(1))
    await post(bus, [sent])
    await eventually(received.keys).toEqual([sent.key])
    await view.jsm.streams.update(MAIL, { duplicate_window: 100_000_000 })
    await eventually(async () => {
      await bus.sendMail(sent)
      return received.keys()
    }).toEqual([sent.key, sent.key])
  })

  it('is refused when the stream is full, and is taken when there is room', async () => {
    const { bus, received } = await node([], { limits: { mailMessages: 2 } })
    const [first, second, third] = [1, 2, 3].map((slice) => mail(actorIn(slice))) as [ReturnType<typeof mail>, ReturnType<typeof mail>, ReturnType<typeof mail>]
    await post(bus, [first, second])
    await expect(bus.sendMail(third)).rejects.toThrow(/refused a message: maximum messages exceeded/)
    await expect(bus.sendMail(third)).rejects.toThrow(/refused/)
    expect(bus.status().isConnected).toBe(true)
    await bus.own(new Map([[1, 1], [2, 1], [3, 1]]))
    await post(bus, [third])
    await eventually(() => received.keys().sort()).toEqual([first.key, second.key, third.key].sort())
    await eventually(() => view.count(MAIL)).toBe(0)
  })

  it('that waits is counted for each slice', async () => {
    const { bus } = await node([])
    await post(bus, [mail(actorIn(1)), mail(actorIn(1)), mail(actorIn(2))])
    await eventually(() => bus.status().waitingMail).toEqual(new Map())
    const stuck = gate()
    const other = await node([], {})
    other.received.answer = () => stuck.passed
    await other.bus.own(new Map([[1, 1], [5, 1]]))
    await eventually(() => other.bus.status().waitingMail).toEqual(new Map([[1, 2], [5, 0]]))
    stuck.open()
    await eventually(() => other.bus.status().waitingMail).toEqual(new Map([[1, 0], [5, 0]]))
  })

  it('in the hands of a slow receiver is not delivered again: the broker is told that it is worked on', async () => {
    const redelivered: string[] = []
    const { bus, received } = await node([[1, 1]], { timing: { ackWaitMs: 300, workingMs: 60 }, metrics: { redelivered: (stream) => redelivered.push(stream) } })
    const slow = gate()
    received.answer = () => slow.passed
    const [to, from] = [actorIn(1), actor()]
    await post(bus, [mail(to, from, 'slow'), mail(to, from, 'next')])
    await eventually(() => received.offered.length).toBe(1)
    // Another message of the broker that nobody touches is given back meanwhile: the time was long enough.
    await view.jsm.consumers.add(DEAD, { durable_name: 'clock', ack_policy: AckPolicy.Explicit, ack_wait: 700_000_000 })
    await view.publish(`${prefix}.dead.x`, 'tick')
    await view.pull(DEAD, 'clock')
    expect((await view.pull(DEAD, 'clock')).redelivered).toBe(true)
    slow.open()
    await eventually(received.keys).toEqual(['slow', 'next'])
    expect(redelivered).toEqual([])
  })

  it('that was not acknowledged in time and comes again waits its turn once', async () => {
    const redelivered: string[] = []
    // Long enough for an acknowledgement of a busy machine: one that came too late would rightly be a message more.
    const { bus, received } = await node([[1, 1]], { timing: { ackWaitMs: 1_000, workingMs: 60_000 }, metrics: { redelivered: (stream) => redelivered.push(stream) } })
    const slow = gate()
    received.answer = () => slow.passed
    const [to, from] = [actorIn(1), actor()]
    const mails = Array.from({ length: 5 }, () => mail(to, from))
    await post(bus, mails)
    await eventually(() => redelivered.length).toBeGreaterThan(8)
    expect(redelivered[0]).toBe(MAIL)
    slow.open()
    await eventually(received.keys).toEqual(mails.map(({ key }) => key))
    await eventually(() => view.count(MAIL)).toBe(0)
    expect(received.offered).toHaveLength(5)
  })

  it('is with us in bounded numbers: the rest stays at the broker', async () => {
    const { bus, received } = await node([[1, 1]], { limits: { unackedMail: 3, batchMails: 1, atOnce: 10 } })
    const stuck = gate()
    received.answer = () => stuck.passed
    const mails = Array.from({ length: 12 }, () => mail(actorIn(1)))
    await post(bus, mails)
    await eventually(async () => (await view.jsm.consumers.info(MAIL, 'mail-1-1')).num_ack_pending).toBe(3)
    expect(received.offered).toHaveLength(3)
    stuck.open()
    await eventually(() => received.taken.length).toBe(12)
  })

  it('of which a delivery went astray is read again from there: nothing overtakes it', async () => {
    const { bus, received } = await node([[1, 1]])
    await eventually(async () => (await view.jsm.consumers.info(MAIL, 'mail-1-1')).num_waiting).toBe(1)
    const astray = view.pull(MAIL, 'mail-1-1')
    await eventually(async () => (await view.jsm.consumers.info(MAIL, 'mail-1-1')).num_waiting).toBe(2)
    const [to, from] = [actorIn(1), actor()]
    const mails = Array.from({ length: 8 }, () => mail(to, from))
    await post(bus, mails)
    expect((await astray).info.consumer).toBe('mail-1-1')
    await eventually(() => [...new Set(received.keys())]).toEqual(mails.map(({ key }) => key))
  })

  it('a node with an earlier epoch reads nothing of a slice that a later one has', async () => {
    const log = recordedLog()
    const heir = await node([[1, 7]])
    await eventually(async () => (await view.jsm.consumers.list(MAIL).next()).map(({ name }) => name)).toEqual(['mail-1-7'])
    const former = await node([[1, 6]], { log })
    await eventually(() => log.lines.map(({ message }) => message)).toContain('somebody else owns what we were to read')
    const mails = Array.from({ length: 20 }, () => mail(actorIn(1)))
    await post(former.bus, mails)
    await eventually(heir.received.keys).toEqual(mails.map(({ key }) => key))
    expect(former.received.offered).toEqual([])
    expect((await view.jsm.consumers.info(MAIL, 'mail-1-7')).delivered.consumer_seq).toBe(20)
  })

  it('two nodes with one slice: the higher epoch wins, whoever comes first', async () => {
    const nodes = await Promise.all([3, 9, 5, 8].map((epoch) => node([[1, epoch]])))
    await eventually(async () => (await view.jsm.consumers.list(MAIL).next()).map(({ name }) => name)).toEqual(['mail-1-9'])
    const mails = Array.from({ length: 20 }, () => mail(actorIn(1)))
    await post(nodes[0]?.bus ?? expect.fail(), mails)
    await eventually(() => nodes.map(({ received }) => received.taken.length)).toEqual([0, 20, 0, 0])
  })
})

describe('dead letters', () => {
  it.each([
    ['not JSON', '{"key":', 'not JSON'],
    ['no list', '{}', 'not a list of mails'],
    ['an entry without a receiver', JSON.stringify([{ ...mail(actorIn(1)), to: { type: 'lamp' } }]), "a mail's `to` and `from` are addresses"],
    ['an entry of an unknown kind', JSON.stringify([{ ...mail(actorIn(1)), kind: 'telegram' }]), "mail of kind 'telegram' is not known"],
    ['an event without a type', JSON.stringify([{ ...mail(actorIn(1)), event: {} }]), 'an event has a type'],
  ])('%s is put aside with its reason, and does not hold up what is behind it', async (_name, text, reason) => {
    const dead: string[] = []
    const { bus, received } = await node([[1, 1]], { metrics: { deadLettered: (stream) => dead.push(stream) } })
    await view.publish(`${prefix}.mail.1`, text, { 'Nats-Msg-Id': 'poison-1', 'x-own': 'kept' })
    const behind = mail(actorIn(1))
    await post(bus, [behind])
    await eventually(received.keys).toEqual([behind.key])
    await eventually(() => view.count(MAIL)).toBe(0)
    const [letter, ...more] = await view.stored(DEAD)
    expect(more).toEqual([])
    expect(letter).toMatchObject({
      subject: `${prefix}.dead.${MAIL}`,
      headers: { 'standing-error': reason, 'standing-subject': `${prefix}.mail.1`, 'standing-stream': MAIL, 'standing-sequence': '1', 'standing-msg-id': 'poison-1', 'x-own': 'kept' },
    })
    expect(JSON.parse(JSON.stringify(letter?.text))).toBe(text.startsWith('[') ? JSON.stringify((JSON.parse(text) as unknown[])[0]) : text)
    expect(dead).toEqual([MAIL])
  })

  it('of a message with several mails holds those that cannot be understood; the others are delivered', async () => {
    const { received } = await node([[1, 1]])
    const [good, fine] = [mail(actorIn(1)), mail(actorIn(1))]
    const stray = mail(actorIn(2))
    await view.publish(`${prefix}.mail.1`, [good, 17, stray, fine])
    await eventually(received.keys).toEqual([good.key, fine.key])
    await eventually(async () => (await view.stored(DEAD)).map(({ text }) => JSON.parse(text) as unknown)).toEqual([17, stray])
    expect((await view.stored(DEAD))[1]?.headers['standing-error']).toBe(`main/lamp/${stray.to.id} does not belong to slice 1`)
    expect(sliceOf(stray.to)).toBe(2)
    await eventually(() => view.count(MAIL)).toBe(0)
  })

  it('waits where it is while there is no room for dead letters', async () => {
    const log = recordedLog()
    const { bus, received } = await node([[1, 1]], { limits: { deadMessages: 1 }, log })
    await view.publish(`${prefix}.dead.x`, 'fills it')
    await view.publish(`${prefix}.mail.1`, 'poison')
    await eventually(() => log.lines.map(({ message }) => message)).toContain('a message was not taken; it and those behind it wait')
    const behind = mail(actorIn(1))
    await post(bus, [behind])
    await eventually(async () => (await view.jsm.consumers.info(MAIL, 'mail-1-1')).num_ack_pending).toBe(2)
    expect(received.taken).toEqual([])
    await view.jsm.streams.purge(DEAD)
    await eventually(received.keys).toEqual([behind.key])
    expect((await view.stored(DEAD)).map(({ text }) => text)).toEqual(['poison'])
  })

  it('are what the broker gave up after too many deliveries that nobody answered', async () => {
    const { bus, received } = await node([[1, 1]], { limits: { deliveries: 2 }, timing: { ackWaitMs: 50, workingMs: 60_000 } })
    const stuck = gate()
    received.answer = () => stuck.passed
    const sent = mail(actorIn(1))
    await post(bus, [sent])
    await eventually(() => view.stored(DEAD)).toHaveLength(1)
    const [letter] = await view.stored(DEAD)
    expect(letter?.headers).toMatchObject({ 'standing-error': "given up after 2 deliveries to 'mail-1-1' that nobody answered", 'standing-subject': `${prefix}.mail.1`, 'standing-msg-id': sent.key })
    expect(JSON.parse(letter?.text ?? '')).toEqual([sent])
    await eventually(() => view.count(MAIL)).toBe(0)
    await eventually(() => view.count(`${prefix.toUpperCase()}_ADVICE`)).toBe(0)
    stuck.open()
  })

  it('are not what a former owner left unanswered: a later one has got it again', async () => {
    // The streams are made, and nobody sweeps.
    await (await node([])).bus.stop()
    // As a node that hangs would: it takes the message and does nothing.
    await view.jsm.consumers.add(MAIL, { durable_name: 'mail-1-1', filter_subject: `${prefix}.mail.1`, ack_policy: AckPolicy.Explicit, deliver_policy: DeliverPolicy.All, ack_wait: 50_000_000, max_deliver: 1 })
    const sent = mail(actorIn(1))
    await view.publish(`${prefix}.mail.1`, [sent])
    await view.pull(MAIL, 'mail-1-1')
    // The next pull makes the broker see that it may not deliver it again.
    void view.pull(MAIL, 'mail-1-1').catch(() => undefined)
    await eventually(() => view.count(`${prefix.toUpperCase()}_ADVICE`)).toBe(1)
    await view.jsm.consumers.delete(MAIL, 'mail-1-1')
    const heir = await node([[1, 2]])
    await eventually(heir.received.keys).toEqual([sent.key])
    await eventually(() => view.count(`${prefix.toUpperCase()}_ADVICE`)).toBe(0)
    expect(await view.count(DEAD)).toBe(0)
  })

  it('are told of also when somebody terminated a message, though it is gone', async () => {
    await node([])
    await view.jsm.consumers.add(MAIL, { durable_name: 'operator', filter_subject: `${prefix}.mail.9`, ack_policy: AckPolicy.Explicit, deliver_policy: DeliverPolicy.All })
    await view.publish(`${prefix}.mail.9`, 'x')
    const message = await view.pull(MAIL, 'operator')
    message.term()
    await eventually(() => view.stored(DEAD)).toHaveLength(1)
    expect((await view.stored(DEAD))[0]?.headers).toMatchObject({ 'standing-error': "terminated by a reader of 'operator'", 'standing-stream': MAIL, 'standing-sequence': '1' })
  })
})
