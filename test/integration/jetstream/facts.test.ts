/** Facts as integrations receive them (contract.md §4). */
import { createHash } from 'node:crypto'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import type { JetStreamBus } from '../../../runtime/bus/jetstream/index.ts'
import type { Fact } from '../../../runtime/model/messages.ts'
import { brokerView, type BrokerView, type StoredMessage } from '../../support/broker-view.ts'
import { actor, connected, fact, natsNode, receiver, recordedLog, unique } from '../../support/bus-world.ts'
import { natsServer, type NatsServer } from '../../../sandbox/nats-server.ts'

let server: NatsServer
let view: BrokerView
const ends: (() => Promise<unknown>)[] = []

beforeAll(async () => {
  server = await natsServer()
  view = await brokerView(server.url)
})

afterAll(async () => {
  await view.close()
  await server.dispose()
})

afterEach(async () => {
  for (const end of ends.splice(0)) await end()
})

async function node(options: Parameters<typeof natsNode>[2] = {}): Promise<JetStreamBus & { prefix: string; stored: () => Promise<StoredMessage[]> }> {
  const prefix = unique('facts')
  const parts = natsNode(server.url, prefix, options)
  await parts.bus.start(receiver())
  ends.push(() => parts.bus.stop())
  await connected(parts.bus)
  return { ...parts, prefix, stored: () => view.stored(`${prefix.toUpperCase()}_FACTS`) }
}

function hash(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}

describe('a fact', () => {
  it('is a CloudEvent in binary mode, header by header', async () => {
    const { bus, stored, prefix } = await node()
    const correlationId = '0af7651916cd43dd8448eb211c80319c'
    await bus.publishFact({ ...fact({ tenant: 'acme', type: 'payment', id: 'pay_1' }, 7, 'payment.completed'), data: { amount: 5000, note: 'größer "x"' }, correlationId, causationId: 'evt 1' })
    expect(await stored()).toEqual([
      {
        sequence: 1,
        subject: `${prefix}.evt.acme.payment.pay_1.payment-completed`,
        text: '{"amount":5000,"note":"größer \\"x\\""}',
        headers: {
          'Nats-Msg-Id': 'acme/payment/pay_1/7/0',
          'ce-specversion': '1.0',
          'ce-id': 'acme/payment/pay_1/7/0',
          'ce-source': `/${prefix}/acme`,
          'ce-type': 'payment.completed',
          'ce-subject': 'payment/pay_1',
          'ce-time': '2026-01-02T03:04:05.678Z',
          'ce-datacontenttype': 'application/json',
          'ce-correlationid': correlationId,
          'ce-causationid': 'evt%201',
          traceparent: `00-${correlationId}-${hash('evt 1').slice(0, 16)}-01`,
        },
      },
    ])
  })

  it('percent-encodes in headers what the binding names, and nothing else', async () => {
    const { bus, stored } = await node()
    await bus.publishFact({ ...fact(actor(), 1), correlationId: 'a b"c%d é€😀 \u007f!~/:?', causationId: 'line\r\nX-Evil: 1' })
    const [message] = await stored()
    expect(message?.headers['ce-correlationid']).toBe('a%20b%22c%25d%20%C3%A9%E2%82%AC%F0%9F%98%80%20%7F!~/:?')
    expect(message?.headers['ce-causationid']).toBe('line%0D%0AX-Evil:%201')
    expect(message?.headers).not.toHaveProperty('X-Evil')
    expect(message?.headers['traceparent']).toMatch(/^00-[0-9a-f]{32}-[0-9a-f]{16}-01$/)
  })

  it.each([
    ['child~1.a.b', 'lamp.on', 'child~1%2Ea%2Eb.lamp-on'],
    ['plain_-1', 'lamp.went off', 'plain_-1.lamp-went%20off'],
    ['x', '*.>', 'x.%2A-%3E'],
    ['x', '100%é', 'x.100%25%C3%A9'],
  ])('of %s with type %s has the subject …%s', async (id, type, end) => {
    const { bus, stored, prefix } = await node()
    await bus.publishFact(fact({ tenant: 'main', type: 'lamp', id }, 1, type))
    const [message] = await stored()
    expect(message?.subject).toBe(`${prefix}.evt.main.lamp.${end}`)
    expect(message?.headers['ce-subject']).toBe(`lamp/${id}`)
  })

  it('is stored once when it is published twice', async () => {
    const { bus, stored } = await node()
    const at = actor()
    await bus.publishFact(fact(at, 1))
    await bus.publishFact(fact(at, 1))
    await bus.publishFact(fact(at, 2))
    expect((await stored()).map(({ headers }) => headers['ce-id'])).toEqual([1, 2].map((seq) => `main/lamp/${at.id}/${seq}/0`))
  })

  it('of many that are published at once keeps its place', async () => {
    const { bus, stored } = await node({ limits: { unackedPublishes: 16 } })
    const at = actor()
    const facts: Fact[] = Array.from({ length: 200 }, (_, seq) => fact(at, seq))
    await Promise.all(facts.map((one) => bus.publishFact(one)))
    expect((await stored()).map(({ headers }) => headers['ce-id'])).toEqual(facts.map(({ key }) => key))
  })

  it('is not told to listeners before it is stored, and a listener that fails harms nobody', async () => {
    const log = recordedLog()
    const { bus } = await node({ log })
    const heard: string[] = []
    bus.onFact(() => {
      throw new Error('mine')
    })
    bus.onFact(({ key }) => heard.push(key))
    const one = fact(actor(), 1)
    const publishing = bus.publishFact(one)
    expect(heard).toEqual([])
    await publishing
    expect(heard).toEqual([one.key])
    expect(log.lines.some(({ message }) => message === 'a listener of facts failed')).toBe(true)
  })

  it('too large for the broker is refused, and the next one is taken', async () => {
    const { bus, stored } = await node()
    await expect(bus.publishFact({ ...fact(actor(), 1), data: { text: 'x'.repeat(2_000_000) } })).rejects.toThrow(/cannot be published/)
    await bus.publishFact(fact(actor(), 2))
    expect(await stored()).toHaveLength(1)
  })
})
