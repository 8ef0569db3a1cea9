/** The NATS micro service, as a client of it sees it (ADR-32). */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { ApiCall, ApiReply } from '../../../runtime/ports/commands.ts'
import type { JetStreamBus } from '../../../runtime/bus/jetstream/index.ts'
import { brokerView, type BrokerView } from '../../support/broker-view.ts'
import { eventually, gate, insist, natsNode, recordedLog, unique, type RecordedLog } from '../../support/bus-world.ts'
import type { Msg } from '../../support/nats-client.ts'
import { natsServer, type NatsServer } from '../../../sandbox/nats-server.ts'

let server: NatsServer
let view: BrokerView
let prefix: string
const ends: (() => Promise<unknown>)[] = []

beforeAll(async () => {
  server = await natsServer()
})

afterAll(() => server.dispose())

beforeEach(async () => {
  prefix = unique('service')
  view = await brokerView(server.url)
})

afterEach(async () => {
  for (const end of ends.splice(0)) await end()
  await view.close()
})

interface Edge extends JetStreamBus {
  calls: ApiCall[]
  log: RecordedLog
}

async function node(reply: (call: ApiCall) => Promise<ApiReply>): Promise<Edge> {
  const log = recordedLog()
  const parts = natsNode(server.url, prefix, { log })
  const calls: ApiCall[] = []
  await parts.integrations.start({
    command: () => Promise.reject(new Error('no commands here')),
    call: (call) => {
      calls.push(call)
      return reply(call)
    },
  })
  ends.push(() => parts.integrations.stop())
  await insist(() => view.request(`$SRV.PING.${prefix}`, ''))
  await eventually(async () => (await info()).endpoints.length).toBe(3)
  return { ...parts, calls, log }
}

interface Info {
  type: string
  name: string
  version: string
  endpoints: { name: string; subject: string; queue_group: string }[]
}

async function info(): Promise<Info> {
  return (await view.request(`$SRV.INFO.${prefix}`, '')).json<Info>()
}

function failure(message: Msg): [string | undefined, string | undefined] {
  return [message.headers?.get('Nats-Service-Error-Code'), message.headers?.get('Nats-Service-Error')]
}

describe('the micro service', () => {
  it('is found and described', async () => {
    await node(async () => ({ ok: true, body: null }))
    expect(await info()).toMatchObject({
      type: 'io.nats.micro.v1.info_response',
      name: prefix,
      version: '1.0.0',
      endpoints: ['send', 'get', 'create'].map((name) => ({ name, subject: `${prefix}.api.${name}`, queue_group: 'q' })),
    })
    expect((await view.request('$SRV.PING', '')).json()).toMatchObject({ type: 'io.nats.micro.v1.ping_response', name: prefix })
    await view.request(`${prefix}.api.get`, {})
    const stats = (await view.request(`$SRV.STATS.${prefix}`, '')).json<{ type: string; endpoints: { name: string; num_requests: number }[] }>()
    expect(stats.type).toBe('io.nats.micro.v1.stats_response')
    expect(stats.endpoints.find(({ name }) => name === 'get')?.num_requests).toBe(1)
  })

  it('hands over calls and replies', async () => {
    const { calls } = await node(async ({ endpoint, body }) => ({ ok: true, body: { endpoint, body: body ?? null } }))
    const reply = await view.request(`${prefix}.api.send`, { type: 'lamp', id: 'a', event: { type: 'toggle' } }, { Authorization: 'Bearer x' })
    expect(reply.json()).toEqual({ endpoint: 'send', body: { type: 'lamp', id: 'a', event: { type: 'toggle' } } })
    expect(failure(reply)).toEqual([undefined, undefined])
    expect(calls[0]?.headers.get('authorization')).toBe('Bearer x')
    expect((await view.request(`${prefix}.api.create`, '')).json()).toEqual({ endpoint: 'create', body: {} })
  })

  it('tells errors in its headers, with the problem as body', async () => {
    await node(async () => ({ ok: false, status: 409, message: 'the lamp\r\nis broken', body: { code: 'event-not-accepted' } }))
    const reply = await view.request(`${prefix}.api.send`, {})
    expect(failure(reply)).toEqual(['409', 'the lamp is broken'])
    expect(reply.json()).toEqual({ code: 'event-not-accepted' })
  })

  it('hands on what is not JSON as such, and tells nothing of an error of its own', async () => {
    const { calls, log } = await node(() => Promise.reject(new Error('secret words')))
    await view.request(`${prefix}.api.send`, '{"a":')
    expect(calls.map(({ body }) => body)).toEqual([undefined])
    const reply = await view.request(`${prefix}.api.send`, {})
    expect(failure(reply)).toEqual(['500', 'internal error'])
    expect(reply.string()).not.toContain('secret')
    expect(log.lines.some(({ level }) => level === 'error')).toBe(true)
  })

  it('shares calls between nodes, and one that stops finishes what it has', async () => {
    const slow = gate()
    const one = await node(async ({ body }) => (body === 'slow' ? slow.passed.then(() => ({ ok: true, body: 'one' })) : { ok: true, body: 'one' }))
    const waiting = view.request(`${prefix}.api.get`, '"slow"')
    await eventually(() => one.calls.length).toBe(1)
    await node(async () => ({ ok: true, body: 'other' }))
    const stopping = one.integrations.stop()
    await eventually(async () => (await view.request(`${prefix}.api.get`, {})).json()).toBe('other')
    slow.open()
    expect((await waiting).json()).toBe('one')
    await stopping
    expect((await view.request(`${prefix}.api.get`, {})).json()).toBe('other')
  })

  it('is there again after the broker was', async () => {
    await node(async () => ({ ok: true, body: 1 }))
    await server.stop()
    await server.start()
    expect((await insist(() => view.request(`${prefix}.api.get`, {}))).json()).toBe(1)
  })
})
