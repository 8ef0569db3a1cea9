/** Live channels, with the clients that browsers use, over the real engine. */
import type { AddressInfo } from 'node:net'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createChannelApps } from '../../../api/channels/app-keys.ts'
import { DARAJA_SECRET } from '../../support/api-fakes.ts'
import { apiWorld, APP_KEY, type World } from '../../support/api-world.ts'
import { successCallback } from '../../support/callbacks.ts'
import { echo, eventsClient, pusher, rawClient, type EventsClient, type RawClient } from '../../support/live-client.ts'

const PHONE = '254708374149'
const SECRET_OR_PERSONAL = /254708374149|pay_|password|NLJ7RT61SV|0708/

let world: World
let url: string
let key: string
const ends: (() => unknown)[] = []

async function open(options: Parameters<typeof apiWorld>[1] = {}): Promise<void> {
  world = await apiWorld([], options)
  await world.app.listen({ port: 0, host: '127.0.0.1' })
  url = `http://127.0.0.1:${(world.app.server.address() as AddressInfo).port}`
  key = (await world.app.inject('/api/channels')).json<{ key: string }>().key
}

beforeEach(() => open())
afterEach(async () => {
  for (const end of ends.splice(0)) end()
  await world.stop()
})

let pays = 0
async function pay(remoteAddress = '127.0.0.1'): Promise<string> {
  const phone = String(Number(PHONE) + pays)
  const response = await world.app.inject({ method: 'POST', url: '/api/payments/stk', payload: { phone_number: phone, package_id: 'hour' }, remoteAddress })
  const { payment_id: id, transaction_id } = response.json<{ payment_id: string; transaction_id: string }>()
  await world.app.inject({ method: 'POST', url: `/hooks/daraja/${DARAJA_SECRET}/stk/${id}`, payload: successCallback(transaction_id, `NLJ7RT61${(pays++).toString(36).toUpperCase().padStart(2, 'A')}`, 10, Number(phone)) })
  await world.runtime.waitFor({ type: 'payment', id }, ({ states }) => states.includes('completed'), { timeoutMs: 5_000 })
  await world.runtime.settled()
  return id
}

const poll = <T>(read: () => T) => expect.poll(read, { timeout: 5_000, interval: 5 })

function echoOf(headers: Record<string, string> = {}) {
  const client = echo({ url, key, headers })
  ends.push(() => client.disconnect())
  return client
}

async function raw(path = `/app/${key}?protocol=7`): Promise<RawClient> {
  const client = rawClient(url, path)
  ends.push(() => client.socket.terminate())
  await poll(() => client.frames.length).toBeGreaterThan(0)
  return client
}

async function stream(channels: string, headers: Record<string, string> = {}): Promise<EventsClient> {
  const client = await eventsClient(`${url}/api/v1/stream?channels=${channels}`, { ...world.admin, ...headers })
  ends.push(() => client.stop())
  return client
}

describe('laravel-echo and pusher-js', () => {
  it('hear of payments and users as the front end listens for them, with nothing personal in it', async () => {
    const Echo = echoOf()
    const heard: Record<string, { payment?: object; user?: object }> = {}
    let ready = 0
    Echo.channel('payments')
      .listen('PaymentCompleted', (e: { payment: object }) => (heard['PaymentCompleted'] = e))
      .subscribed(() => ready++)
    Echo.channel('hotspot-users')
      .listen('HotspotUserCreated', (e: { user: object }) => (heard['HotspotUserCreated'] = e))
      .subscribed(() => ready++)
    await poll(() => ready).toBe(2)
    await pay()
    await poll(() => Object.keys(heard).sort()).toEqual(['HotspotUserCreated', 'PaymentCompleted'])
    expect(heard['PaymentCompleted']?.payment).toMatchObject({ amount: 10, amount_minor: 1000, currency: 'KES', status: 'completed', reference: expect.stringMatching(/^ref_/) as string })
    expect(heard['HotspotUserCreated']?.user).toMatchObject({ status: 'active', expires_at: expect.stringMatching(/Z$/) as string })
    expect(JSON.stringify(heard)).not.toMatch(SECRET_OR_PERSONAL)
  })

  it('staff hear all of it on the dashboard channel, masked, and facts by their own names', async () => {
    const Echo = echoOf(world.keys.add('key-of-viewer', ['viewer']))
    const heard: Record<string, unknown> = {}
    const note = (name: string) => (e: unknown) => (heard[name] = e)
    let ready = false
    Echo.private('dashboard-stats')
      .listen('PaymentCompleted', note('PaymentCompleted'))
      .listen('HotspotUserCreated', note('HotspotUserCreated'))
      .listen('CredentialsSent', note('CredentialsSent'))
      .listen('SessionExpired', note('SessionExpired'))
      .listen('.payment.completed', note('payment.completed'))
      .subscribed(() => (ready = true))
    await poll(() => ready).toBe(true)
    const id = await pay()
    await world.runtime.send({ type: 'hotspot-session', id }, { type: 'session.close', reason: 'test' })
    await poll(() => Object.keys(heard).sort()).toEqual(['CredentialsSent', 'HotspotUserCreated', 'PaymentCompleted', 'SessionExpired', 'payment.completed'])
    expect(heard['PaymentCompleted']).toMatchObject({ payment: { id, amount: 10, receipt: expect.stringMatching(/^NLJ/) as string } })
    expect(heard['HotspotUserCreated']).toMatchObject({ user: { id }, payment: { id } })
    expect(heard['CredentialsSent']).toMatchObject({ notification: { sms_status: 'sent' } })
    expect(heard['SessionExpired']).toMatchObject({ session: { id, reason: 'admin', data_used_bytes: 0, duration_seconds: expect.any(Number) as number } })
    expect(heard['payment.completed']).toMatchObject({ type: 'payment.completed', actor: { type: 'payment', id } })
    expect(JSON.stringify(heard)).not.toMatch(/254708374\d{3}/)
    expect(JSON.stringify(heard)).not.toContain(world.sms.join().match(/\w{10}(?=\W*$)/)?.[0] ?? 'no password')
  })

  it('one actor can be watched by those who may see it', async () => {
    const client = pusher({ url, key, headers: world.admin })
    ends.push(() => client.disconnect())
    const id = await pay()
    const seen: string[] = []
    const channel = client.subscribe(`private-actor.hotspot-session.${id}`)
    channel.bind_global((event: string) => seen.push(event))
    await poll(() => seen).toContain('pusher:subscription_succeeded')
    await pay()
    await world.runtime.send({ type: 'hotspot-session', id }, { type: 'session.close', reason: 'test' })
    await poll(() => seen).toEqual(['pusher:subscription_succeeded', 'session.expired', 'SessionExpired', 'App\\Events\\SessionExpired'])
  })

  it('a customer hears of his own session, and of nobody else\'s', async () => {
    const [own, other] = [await pay(), await pay('10.9.9.9')]
    const Echo = echoOf()
    const ended: string[] = []
    const errors: unknown[] = []
    let ready = false
    Echo.private(`user.${own}`)
      .listen('SessionExpired', (e: { session: { id: string } }) => ended.push(e.session.id))
      .subscribed(() => (ready = true))
    for (const name of [`user.${other}`, 'dashboard-stats', `actor.payment.${own}`]) Echo.private(name).error((error: { status: number }) => errors.push(error.status))
    await poll(() => [ready, errors.length]).toEqual([true, 3])
    expect([...errors].sort()).toEqual([401, 401, 403])
    for (const id of [own, other]) await world.runtime.send({ type: 'hotspot-session', id }, { type: 'session.close', reason: 'test' })
    await poll(() => ended).toEqual([own])
  })
})

describe('the protocol', () => {
  it('greets, answers pings, and passes on nothing that a client says', async () => {
    const client = await raw()
    expect(client.frames[0]).toEqual({ event: 'pusher:connection_established', data: { socket_id: expect.stringMatching(/^\d+\.\d+$/) as string, activity_timeout: 30 } })
    client.say({ event: 'pusher:ping', data: {} })
    client.say({ event: 'client-typing', channel: 'payments', data: {} })
    client.socket.send('no json')
    client.say({ event: 'pusher:subscribe', data: { channel: 'secrets' } })
    await poll(() => client.frames.slice(1)).toEqual([
      { event: 'pusher:pong', data: {} },
      { event: 'pusher:error', data: { code: 4301, message: expect.any(String) as string } },
      { event: 'pusher:subscription_error', channel: 'secrets', data: { type: 'NotFound', error: expect.any(String) as string, status: 404 } },
    ])
  })

  it.each([
    ['an unknown key', '/app/main_00000000000000000000?protocol=7', 4001],
    ['another tenant with a key of its own making', '/app/other_0123456789abcdef0123?protocol=7', 4001],
    ['no version', '', 4008],
    ['a version that is none', '?protocol=x', 4006],
    ['a version of the past', '?protocol=3', 4007],
  ])('refuses %s with Pusher\'s code', async (_what, path, code) => {
    const client = await raw(path.startsWith('/') ? path : `/app/${key}${path}`)
    expect(client.frames).toEqual([{ event: 'pusher:error', data: { code, message: expect.any(String) as string } }])
    expect((await client.closed).code).toBe(code)
  })

  it('takes only a signature of this app, this connection and this channel', async () => {
    const [client, other] = [await raw(), await raw()]
    const socketId = (at: RawClient) => (at.frames[0]?.data as { socket_id: string }).socket_id
    const auth = async (socket_id: string, channel_name: string) => (await world.app.inject({ method: 'POST', url: '/broadcasting/auth', headers: world.admin, payload: { socket_id, channel_name } })).json<{ auth: string }>().auth
    const good = await auth(socketId(client), 'private-dashboard-stats')
    expect(good).toMatch(/^main_[0-9a-f]{20}:[0-9a-f]{64}:k_key-of-a$/)
    const stranger = createChannelApps(APP_KEY).sign('other', socketId(client), 'private-dashboard-stats', null)
    for (const signature of [undefined, await auth(socketId(other), 'private-dashboard-stats'), await auth(socketId(client), 'private-user.a'), stranger, `${good}0`, good.replace(/:[^:]*$/, ''), good.replace(/:[^:]*$/, ':k_another'), `${good}:`]) client.say({ event: 'pusher:subscribe', data: { channel: 'private-dashboard-stats', auth: signature } })
    client.say({ event: 'pusher:subscribe', data: { channel: 'private-dashboard-stats', auth: good } })
    await poll(() => client.frames.slice(1).map(({ event }) => event)).toEqual([...Array<string[]>(8).fill(['pusher:error', 'pusher:subscription_error']).flat(), 'pusher_internal:subscription_succeeded'])
    expect(client.frames[1]?.data).toMatchObject({ code: 4009 })
  })

  it('ends a subscription when asked, and has a bounded number of them', async () => {
    await world.stop()
    await open({ channelLimits: { channelsPerConnection: 1 } })
    const client = await raw()
    client.say({ event: 'pusher:subscribe', data: { channel: 'payments' } })
    client.say({ event: 'pusher:subscribe', data: { channel: 'hotspot-users' } })
    await poll(() => client.frames.length).toBe(3)
    expect(client.frames[2]).toMatchObject({ event: 'pusher:subscription_error', channel: 'hotspot-users', data: { type: 'LimitReached' } })
    client.say({ event: 'pusher:unsubscribe', data: { channel: 'payments' } })
    client.say({ event: 'pusher:subscribe', data: { channel: 'hotspot-users' } })
    await poll(() => client.frames.length).toBe(4)
    await pay()
    await poll(() => client.frames.slice(4).map(({ event }) => event)).toEqual(['HotspotUserCreated', 'App\\Events\\HotspotUserCreated'])
  })

  it('has a bounded number of connections, and tells those there are to come back when it stops', async () => {
    await world.stop()
    await open({ channelLimits: { connections: 1 } })
    const first = await raw()
    const second = await raw()
    expect((await second.closed).code).toBe(4100)
    await world.app.close()
    expect((await first.closed).code).toBe(4200)
  })

  it('sends a flood away, and a message that is too long', async () => {
    await world.stop()
    await open({ channelLimits: { messagesPerSecond: 5, messageBytes: 1_000 } })
    const [flood, long] = [await raw(), await raw()]
    for (let n = 0; n < 20; n++) flood.say({ event: 'pusher:ping' })
    expect((await flood.closed).code).toBe(4100)
    long.say({ event: 'pusher:ping', data: 'x'.repeat(2_000) })
    expect((await long.closed).code).toBe(1009)
  })
})

describe('a private channel', () => {
  /** What pusher-js has heard, and how its connection stands. */
  async function listening(headers: { authorization: string }, channel = 'private-dashboard-stats') {
    const client = pusher({ url, key, headers })
    ends.push(() => client.disconnect())
    const heard: string[] = []
    const errors: unknown[] = []
    client.connection.bind('error', (error: { data?: { code?: number }; error?: { data: { code: number } } }) => errors.push(error.data?.code ?? error.error?.data.code))
    client.subscribe(channel).bind_global((event: string) => heard.push(event))
    await poll(() => heard).toContain('pusher:subscription_succeeded')
    return { client, heard, errors }
  }

  it('ends with the key that it goes by, and those of other keys stay', async () => {
    await world.stop()
    let ahead = 0
    await open({ channelLimits: { heartbeatMs: 20 }, now: () => Date.now() + ahead })
    const [revoked, kept, guest] = [await listening(world.keys.add('revoked-later', ['viewer'])), await listening(world.admin), await listening({ authorization: '' }, 'payments')]
    world.keys.revoke('revoked-later')
    // Known to the node for ten seconds more.
    ahead = 10_001
    await poll(() => [revoked.client.connection.state, new Set(revoked.errors)]).toEqual(['disconnected', new Set([4009])])
    await pay()
    await poll(() => kept.heard).toContain('PaymentCompleted')
    await poll(() => guest.heard).toContain('PaymentCompleted')
    expect(revoked.heard).toEqual(['pusher:subscription_succeeded'])
    expect([kept.client.connection.state, guest.client.connection.state]).toEqual(['connected', 'connected'])
  })

  it('ends when the key expires, at the next look', async () => {
    await world.stop()
    let ahead = 0
    await open({ channelLimits: { heartbeatMs: 20 }, now: () => Date.now() + ahead })
    const { client, errors } = await listening(world.keys.add('expires-soon', ['viewer'], 'main', Date.now() + 60_000))
    expect(client.connection.state).toBe('connected')
    ahead = 60_000
    await poll(() => [client.connection.state, new Set(errors)]).toEqual(['disconnected', new Set([4009])])
  })
})

describe('one address', () => {
  it('holds no more sockets than it may; pusher-js waits for its turn', async () => {
    await world.stop()
    await open({ channelLimits: { connectionsPerAddress: 1 } })
    const first = pusher({ url, key })
    await poll(() => first.connection.state).toBe('connected')
    const second = pusher({ url, key })
    ends.push(() => second.disconnect())
    const codes: unknown[] = []
    second.connection.bind('error', (error: { data?: { code?: number }; error?: { data: { code: number } } }) => codes.push(error.data?.code ?? error.error?.data.code))
    await poll(() => codes).toContain(4100)
    first.disconnect()
    await expect.poll(() => second.connection.state, { timeout: 15_000, interval: 20 }).toBe('connected')
  }, 30_000)

  it('holds no more streams than it may', async () => {
    await world.stop()
    await open({ channelLimits: { connectionsPerAddress: 1 } })
    const first = await stream('payments')
    const refused = await stream('payments')
    expect([first.status, refused.status]).toEqual([200, 429])
    first.stop()
    await expect.poll(async () => (await stream('payments')).status, { timeout: 5_000 }).toBe(200)
  })
})

describe('POST /broadcasting/auth', () => {
  const auth = (channel_name: string, headers: Record<string, string>) => world.app.inject({ method: 'POST', url: '/broadcasting/auth', headers, payload: { socket_id: '1.2', channel_name } })

  it('knows who may listen where', async () => {
    const id = await pay('10.9.9.9')
    const nobody = world.keys.add('key-without-roles', [])
    const stranger = { authorization: 'Bearer unknown-key' }
    const asked = [
      await auth('private-dashboard-stats', world.admin),
      await auth('private-dashboard-stats', nobody),
      await auth('private-dashboard-stats', stranger),
      await auth('private-dashboard-stats', {}),
      await auth(`private-user.${id}`, {}),
      await auth(`private-user.${id}`, world.admin),
      await auth('private-elsewhere', world.admin),
      await auth('presence-room', world.admin),
    ]
    expect(asked.map(({ statusCode }) => statusCode)).toEqual([200, 403, 401, 401, 403, 200, 404, 404])
  })

  it('signs for the tenant of the key alone', async () => {
    const headers = world.keys.add('key-of-other', ['viewer'], 'other')
    const { auth: signature } = (await auth('private-dashboard-stats', headers)).json<{ auth: string }>()
    expect(signature).toBe(createChannelApps(APP_KEY).sign('other', '1.2', 'private-dashboard-stats', 'k_key-of-o'))
  })
})

describe('GET /api/v1/stream', () => {
  it('tells facts in order and goes on after the last one that was heard', async () => {
    const first = await stream('private-dashboard-stats')
    const id = await pay()
    const names = (client: EventsClient) => client.events.map(({ event }) => event)
    await poll(() => names(first)).toContain('CredentialsSent')
    const at = first.events.findIndex(({ event }) => event === 'PaymentCompleted')
    first.stop()
    await world.runtime.send({ type: 'hotspot-session', id }, { type: 'session.close', reason: 'test' })
    const again = await stream('private-dashboard-stats', { 'last-event-id': first.events[at]?.id ?? '' })
    await poll(() => names(again)).toEqual([...names(first).slice(at + 1), 'session.expired', 'SessionExpired'])
  })

  it('a reader who has heard nothing yet misses nothing either', async () => {
    const first = await stream(`private-actor.payment.none`)
    await poll(() => first.lastId()).not.toBe('')
    first.stop()
    await pay()
    const again = await stream('payments', { 'last-event-id': first.lastId() })
    await poll(() => again.events.map(({ event }) => event)).toEqual(['PaymentCompleted'])
  })

  it('shows personal fields to those who may see them', async () => {
    const [staff, viewer] = [await stream('private-dashboard-stats'), await stream('private-dashboard-stats', world.keys.add('key-of-viewer', ['viewer']))]
    await pay()
    for (const client of [staff, viewer]) await poll(() => client.events.map(({ event }) => event)).toContain('CredentialsSent')
    expect(JSON.stringify(staff.events)).toMatch(/254708374\d{3}/)
    expect(JSON.stringify(viewer.events)).not.toMatch(/254708374\d{3}/)
  })

  it('says when a position is unknown, refuses unknown channels, and asks for a key', async () => {
    const lost = await stream('payments', { 'last-event-id': 'nonsense' })
    await lost.ended
    expect(lost.events).toEqual([{ id: 'nonsense', event: 'standing.reset', data: { reason: expect.any(String) as string } }])
    expect((await stream('payments,nowhere')).status).toBe(404)
    expect((await stream('')).status).toBe(422)
    expect((await stream('payments', { authorization: 'Bearer unknown-key' })).status).toBe(401)
  })

  it('takes a ticket once in place of the header, and the position in the address', async () => {
    const first = await stream('payments')
    await pay()
    await poll(() => first.events).toHaveLength(1)
    await pay()
    const { ticket } = (await world.app.inject({ method: 'POST', url: '/api/v1/stream/tickets', headers: world.admin })).json<{ ticket: string }>()
    const address = `${url}/api/v1/stream?channels=payments&ticket=${ticket}&last_event_id=${first.events[0]?.id ?? ''}`
    const [a, b] = [await eventsClient(address, {}), await eventsClient(address, {})]
    ends.push(() => [a, b].forEach((client) => client.stop()))
    expect([a.status, b.status]).toEqual([200, 401])
    await poll(() => a.events.map(({ event }) => event)).toEqual(['PaymentCompleted'])
    // It opens streams, and nothing else that its owner may do.
    const { ticket: fresh } = (await world.app.inject({ method: 'POST', url: '/api/v1/stream/tickets', headers: world.admin })).json<{ ticket: string }>()
    expect((await world.app.inject({ url: `/api/v1/machines?ticket=${fresh}` })).statusCode).toBe(401)
  })

  it('beats, ends with its key, and with the server', async () => {
    await world.stop()
    await open({ channelLimits: { heartbeatMs: 20 } })
    const headers = world.keys.add('key-to-expire', ['viewer'], 'main', Date.now() + 300)
    const [expiring, lasting] = [await stream('payments', headers), await stream('payments')]
    await expiring.ended
    expect(expiring.events.map(({ event }) => event)).toEqual(['standing.closed'])
    await world.app.close()
    await lasting.ended
  })
})

describe('the AsyncAPI document', () => {
  it('has every channel, and of each message the fields that are told', async () => {
    type Message = { name: string; payload: { properties: Record<string, { properties?: object }> } }
    type Document = { channels: Record<string, { address: string | null; messages: Record<string, { $ref: string }> }>; components: { messages: Record<string, Message> } }
    const document = (await world.app.inject('/asyncapi.json')).json<Document>()
    const live = Object.fromEntries(Object.values(document.channels).flatMap(({ address, messages }) => (address === null ? [] : [[address, Object.keys(messages)]])))
    expect(Object.keys(live)).toEqual(expect.arrayContaining(['payments', 'hotspot-users', 'private-dashboard-stats', 'private-user.{id}', 'private-actor.{type}.{id}']))

    const [staff, open] = [await stream('private-dashboard-stats'), await stream('payments,hotspot-users')]
    const id = await pay()
    await world.runtime.send({ type: 'hotspot-session', id }, { type: 'session.close', reason: 'test' })
    await poll(() => staff.events.map(({ event }) => event)).toContain('SessionExpired')
    await poll(() => open.events).toHaveLength(2)
    for (const { event, data: { channel = '', data = {} } } of [...staff.events, ...open.events]) {
      const described = (live[channel] ?? []).map((key) => document.components.messages[key]).find((message) => message?.name === event) ?? document.components.messages['live-fact']
      const [[name, told] = ['', {}]] = Object.entries(data)
      const properties = described?.payload.properties ?? {}
      expect(Object.keys(properties)).toEqual(expect.arrayContaining(Object.keys(data)))
      if (properties[name]?.properties !== undefined) expect(Object.keys(properties[name].properties)).toEqual(expect.arrayContaining(Object.keys(told as object)))
    }
  })
})
