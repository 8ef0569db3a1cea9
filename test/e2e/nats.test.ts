/** Two processes of the whole system beside a real NATS: events between actors, commands, calls and facts go over it, and it may go away. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { natsServer, type NatsServer } from '../../sandbox/nats-server.ts'
import { brokerView, type BrokerView } from '../support/broker-view.ts'
import { eventually } from '../support/bus-world.ts'
import { startSystem, type System } from '../support/system.ts'
import { actorOf, buy, historyOf, newPhone, startPayment, untilState } from '../support/system-shop.ts'
import { createTestDatabase, type TestDatabase } from '../support/template-database.ts'

const KEY = 'sk_test_over_nats_0123456789'

let broker: NatsServer
let database: TestDatabase
let systems: System[]
let view: BrokerView

beforeAll(async () => {
  broker = await natsServer()
  database = await createTestDatabase()
  const env = { STANDING_API_KEY: KEY, NATS_URL: broker.url, STANDING_APP_KEY: 'the same key on every node' }
  systems = []
  for (let i = 0; i < 2; i++) systems.push(await startSystem({ database: { url: database.url }, env }))
  view = await brokerView(broker.url)
})
afterAll(async () => {
  await view.close()
  await Promise.all(systems.map((system) => system.dispose()))
  await broker.dispose()
  await database.drop()
})

const one = (): System => systems[0] as System
const other = (): System => systems[1] as System

async function call(endpoint: string, body: object | string, headers: Record<string, string> = {}) {
  const message = await view.request(`standing.api.${endpoint}`, body, headers)
  const code = message.headers?.get('Nats-Service-Error-Code') ?? ''
  return { code: code === '' ? 200 : Number(code), body: message.json<Record<string, unknown>>() }
}

/** A payment that is paid, and its access. */
async function bought(system: System): Promise<string> {
  const { id } = await buy(system)
  await untilState(system, 'payment', id, 'completed')
  return id
}

async function factsOf(id: string) {
  return (await view.stored('STANDING_FACTS')).filter(({ subject }) => subject.startsWith(`standing.evt.main.payment.${id}.`))
}

async function factTypes(id: string) {
  return (await factsOf(id)).map(({ headers }) => headers['ce-type'])
}

describe('a purchase', () => {
  test('goes through over the broker, and any node shows it', async () => {
    const id = await bought(one())
    await untilState(other(), 'hotspot-session', id, 'ready')
    expect((await actorOf(other(), 'payment', id)).value).toBe('completed')
    await eventually(() => factTypes(id)).toEqual(['payment.requested', 'payment.prompted', 'payment.completed'])
    for (const { headers } of await factsOf(id)) expect(headers).toMatchObject({ 'ce-specversion': '1.0', 'Nats-Msg-Id': headers['ce-id'], 'ce-subject': `payment/${id}` })
    await eventually(() => view.count('STANDING_MAIL')).toBe(0)
  })
})

describe('calls', () => {
  test('get answers as REST does, and so do its errors', async () => {
    const paymentId = await bought(other())
    expect(await call('get', { type: 'payment', id: paymentId })).toMatchObject({ code: 200, body: { id: paymentId, value: 'completed' } })
    expect(await call('get', { type: 'payment', id: 'nobody' })).toMatchObject({ code: 404, body: { code: 'actor-not-found', status: 404 } })
    expect(await call('get', { type: 'payment', id: 'a\0b' })).toMatchObject({ code: 404, body: { code: 'actor-not-found' } })
    expect(await call('get', { type: 'nothing', id: 'x' })).toMatchObject({ code: 404, body: { code: 'actor-type-unknown' } })
    expect(await call('get', { type: 'payment', id: 'x', wrong: 1 })).toMatchObject({ code: 422, body: { code: 'invalid-input', errors: [{ pointer: '/wrong' }] } })
    expect(await call('get', 'rubbish{')).toMatchObject({ code: 422, body: { code: 'invalid-input' } })
  })

  test('rights are those of an integration, or of the key that came with the call', async () => {
    const input = { type: 'payment', input: {} }
    expect(await call('create', input)).toMatchObject({ code: 403, body: { code: 'forbidden', permission: 'money' } })
    expect(await call('create', input, { authorization: `Bearer ${KEY}` })).toMatchObject({ code: 422, body: { code: 'invalid-input' } })
    expect(await call('create', input, { authorization: 'Bearer sk_nobody_has_this' })).toMatchObject({ code: 401, body: { code: 'unauthenticated' } })
    expect(await call('get', { tenant: 'elsewhere', type: 'payment', id: 'x' }, { authorization: `Bearer ${KEY}` })).toMatchObject({ code: 403, body: { code: 'forbidden' } })
  })
})

describe('commands', () => {
  test('an event is applied once per id, one that the state does not take is journaled, and rubbish becomes a dead letter', async () => {
    const paymentId = await bought(one())
    const subject = `standing.cmd.main.payment.${paymentId}`
    await view.publish(subject, { type: 'payment.cancel' }, { 'Nats-Msg-Id': `${paymentId}-1` })
    await eventually(async () => (await historyOf(other(), 'payment', paymentId)).at(-1)).toMatchObject({ event: { type: 'payment.cancel' }, outcome: 'ignored', source: 'nats', eventId: `${paymentId}-1` })
    const dead = async () => (await view.stored('STANDING_DEAD')).filter(({ headers }) => headers['standing-subject'] === subject).map(({ headers }) => headers['standing-code'])
    await view.publish(subject, 'rubbish', { 'Nats-Msg-Id': `${paymentId}-2` })
    await view.publish(subject, { type: 'payment.callback' }, { 'Nats-Msg-Id': `${paymentId}-3` })
    await view.publish(subject, { type: 'xstate.init' }, { 'Nats-Msg-Id': `${paymentId}-4` })
    await eventually(dead).toEqual(['invalid-event', 'forbidden', 'invalid-event'])
    expect((await historyOf(one(), 'payment', paymentId)).filter(({ source }) => source === 'nats')).toHaveLength(1)
  })
})

describe('the broker away', () => {
  test('requests are served, readiness says degraded, and all that waited goes on when it is back', async () => {
    await broker.stop()
    await eventually(async () => (await one().ask<{ status: string; checks: Record<string, string> }>('/readyz')).body).toMatchObject({ status: 'degraded', checks: { database: 'ok', nats: expect.stringMatching(/^degraded/) as string } })
    const { status, body } = await startPayment(one(), { phone_number: newPhone(), package_id: 'hour-1' })
    expect(status).toBe(202)
    await untilState(one(), 'payment', body.payment_id, 'completed')
    await broker.start()
    await eventually(async () => (await one().ask<{ status: string }>('/readyz')).body.status).toBe('ready')
    await untilState(other(), 'hotspot-session', body.payment_id, 'ready')
    await eventually(() => factTypes(body.payment_id)).toEqual(['payment.requested', 'payment.prompted', 'payment.completed'])
  })
})
