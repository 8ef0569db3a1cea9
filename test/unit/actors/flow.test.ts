/** The whole way on the engine with an in-memory store: paid, given access, told by SMS, access over. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createCredentialIssuer } from '../../../actors/credentials.ts'
import { GatewayError } from '../../../actors/gateways/errors.ts'
import { createRegistry } from '../../../actors/registry.ts'
import { createRuntime, manualClock, memoryStore, type MovableClock, type Runtime } from '../../../runtime/index.ts'
import { nobodyOnline } from '../../support/live-access.ts'
import { callback, CHECKOUT, INPUT, PHONE } from '../machines/payment.fixture.ts'
import { fakeMpesa } from '../../support/fake-mpesa.ts'
import { START } from '../machines/play.ts'

const credentials = createCredentialIssuer('an application key of good length')
const payment = { type: 'payment', id: 'pay_1' }
const session = { type: 'hotspot-session', id: 'pay_1' }
const sms = { type: 'notification', id: 'pay_1-credentials' }

let runtime: Runtime
let clock: MovableClock
let pushes: string[]
let texts: string[]
let facts: string[]
let pushError: Error | undefined
let queryResult: { status: 'answered'; resultCode: string; resultDesc: string } | { status: 'pending'; reason: 'no-result-yet'; resultDesc: string }

beforeEach(async () => {
  pushes = []
  texts = []
  facts = []
  pushError = undefined
  queryResult = { status: 'pending', reason: 'no-result-yet', resultDesc: '' }
  clock = manualClock(START)
  runtime = createRuntime({
    clock,
    store: memoryStore(),
    actors: createRegistry({
      credentials,
      liveAccess: nobodyOnline(),
      mpesa: fakeMpesa({
        stkPush: async (_request, { idempotencyKey }) => {
          pushes.push(idempotencyKey)
          if (pushError !== undefined) throw pushError
          return { merchantRequestId: 'm', checkoutRequestId: CHECKOUT, responseDescription: '', customerMessage: '' }
        },
        stkQuery: async () => queryResult,
      }),
      sms: {
        send: async ({ text }) => {
          texts.push(text)
          return { providerId: 'ATPid_1', status: 'sent', segments: 1, cost: { amount: 80, currency: 'KES' } }
        },
      },
    }),
  })
  runtime.onFact(({ type }) => facts.push(type))
  await runtime.start()
  await runtime.create(payment, { phone: INPUT.phone, package: { id: 'hour', name: '1 hour', durationSeconds: 3_600 }, amount: 2_000, currency: 'KES' })
  await runtime.settled()
})

afterEach(() => runtime.stop())

const stateOf = async (address: { type: string; id: string }): Promise<unknown> => (await runtime.get(address))?.value

describe('pay, surf, stop', () => {
  it('goes through without a hand', async () => {
    expect(pushes).toEqual(['main/payment/pay_1/1/1'])
    expect(await stateOf(payment)).toBe('awaiting')
    await clock.advance(20_000)
    await runtime.send(payment, callback())
    await runtime.settled()
    expect(await stateOf(payment)).toBe('completed')
    expect(await stateOf(session)).toBe('ready')
    expect(await stateOf(sms)).toBe('sent')
    const { username, password } = credentials.issue({ tenant: 'main', ...session }, 1)
    expect(texts).toEqual([`WiFi 1 hour: username ${username} password ${password} Valid until 01/01 04:00.`])

    await runtime.send(sms, { type: 'notification.report', providerId: 'ATPid_1', status: 'delivered' })
    await clock.advance(3_600_000 - 1)
    expect(await stateOf(session)).toBe('ready')
    await clock.advance(1)
    expect(await stateOf(session)).toBe('expired')
    await clock.advance(3_600_000)
    expect(await stateOf(session)).toBe('closed')
    expect(facts).toEqual([
      'payment.requested',
      'payment.prompted',
      'payment.completed',
      'session.ready',
      'notification.sent',
      'notification.delivered',
      'session.expired',
      'session.closed',
    ])
  })

  it('leaves no password in any record', async () => {
    await runtime.send(payment, callback())
    await runtime.settled()
    const { password } = credentials.issue({ tenant: 'main', ...session }, 1)
    for (const address of [payment, session, sms]) {
      expect(JSON.stringify([await runtime.get(address), await runtime.history(address)])).not.toContain(password)
    }
  })

  it('gives one access however often the callback comes', async () => {
    for (let time = 0; time < 3; time++) await runtime.send(payment, callback())
    await runtime.settled()
    expect(facts.filter((fact) => fact === 'session.ready')).toHaveLength(1)
    expect(texts).toHaveLength(1)
  })

  it('is found by what callbacks and customers name', async () => {
    for (const value of [CHECKOUT, PHONE, 'PAY1']) {
      expect(await runtime.search({ values: [value] })).toMatchObject([{ address: { type: 'payment', id: 'pay_1' } }])
    }
  })

  it('makes up for a lost callback by a query', async () => {
    await clock.advance(45_000)
    expect(await stateOf(payment)).toBe('awaiting')
    queryResult = { status: 'answered', resultCode: '0', resultDesc: 'ok' }
    await clock.advance(90_000)
    expect(await stateOf(payment)).toBe('completed')
    expect(await stateOf(session)).toBe('ready')
  })

  it('shows the credentials once', async () => {
    await runtime.send(payment, callback())
    await runtime.settled()
    await runtime.send(session, { type: 'session.revealCredentials' })
    await expect(runtime.send(session, { type: 'session.revealCredentials' })).rejects.toMatchObject({
      code: 'event-not-accepted',
      details: { refusedBy: [{ guard: 'canRevealCredentials' }] },
    })
  })
})

it('an uncertain push is made once and ends with a person', async () => {
  pushError = new GatewayError('timeout', 'no answer', { uncertain: true })
  await runtime.create({ type: 'payment', id: 'pay_2' }, INPUT)
  await runtime.settled()
  expect(await stateOf({ type: 'payment', id: 'pay_2' })).toBe('uncertain')
  await clock.advance(180_000)
  expect(await stateOf({ type: 'payment', id: 'pay_2' })).toBe('review')
  expect(pushes).toHaveLength(2)
})
