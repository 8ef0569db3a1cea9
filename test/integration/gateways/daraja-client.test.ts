import { describe, expect, test } from 'vitest'
import { createDarajaClient } from '../../../actors/gateways/mpesa/client.ts'
import { DARAJA_SANDBOX_CREDENTIALS } from '../../../sandbox/daraja/index.ts'
import { deadUrl, serve } from './servers.ts'
import { failureOf, fresh, PHONE, pushOf, startWorld } from './daraja-support.ts'

const phones = (count: number) => Array.from({ length: count }, (_none, index) => String(254712000000 + index))

describe('STK push', () => {
  test('is accepted, and the callback brings the payment', async () => {
    const { client, callbacks } = await startWorld()
    const accepted = await client.stkPush(pushOf(), fresh())
    expect(accepted.checkoutRequestId).toMatch(/^ws_CO_/)
    const [callback] = await callbacks(1)
    expect(callback).toMatchObject({
      merchantRequestId: accepted.merchantRequestId, checkoutRequestId: accepted.checkoutRequestId,
      resultCode: '0', amount: 1_000, currency: 'KES', phone: PHONE, receipt: expect.stringMatching(/^[A-Z0-9]{10}$/) as string,
    })
  })

  test('fifty at once fetch one token', async () => {
    const { client, control } = await startWorld()
    const accepted = await Promise.all(phones(50).map((phone) => client.stkPush(pushOf(phone), fresh())))
    expect(new Set(accepted.map(({ checkoutRequestId }) => checkoutRequestId)).size).toBe(50)
    expect(control.tokensIssued()).toBe(1)
  })

  test('with one key it is sent once, at the same time and afterwards', async () => {
    const { client, control } = await startWorld()
    const options = fresh()
    const [first, second] = await Promise.all([client.stkPush(pushOf(), options), client.stkPush(pushOf(), options)])
    expect(second).toEqual(first)
    expect(await client.stkPush(pushOf(), options)).toEqual(first)
    expect(control.prompts()).toHaveLength(1)
  })

  test('a mistake of ours is found before anything is sent', async () => {
    const { client, control } = await startWorld()
    expect(await failureOf(client.stkPush(pushOf(PHONE, 1_050), fresh()))).toMatchObject({ code: 'fractional-amount', retryable: false, uncertain: false })
    expect(control.tokensIssued()).toBe(0)
  })

  test('a payment may have its own callback address', async () => {
    const { client, control, receiver } = await startWorld()
    await client.stkPush({ ...pushOf(), callbackUrl: `${receiver.url}/hooks/own` }, fresh())
    expect(control.prompts()[0]?.callbackUrl).toBe(`${receiver.url}/hooks/own`)
  })
})

describe('access token', () => {
  test('one that ends in mid-run is replaced once for all who notice, and nothing fails', async () => {
    const { client, control } = await startWorld()
    const { checkoutRequestId } = await client.stkPush(pushOf(), fresh())
    control.expireTokens()
    await Promise.all(Array.from({ length: 50 }, () => client.stkQuery({ checkoutRequestId })))
    expect(control.tokensIssued()).toBe(2)
  })

  test('one that ends during a push leads to one prompt', async () => {
    const { client, control } = await startWorld()
    control.next({ push: 'token-expired' })
    await client.stkPush(pushOf(), fresh())
    expect(control.prompts()).toHaveLength(1)
    expect(control.tokensIssued()).toBe(2)
  })

  test('is replaced before it expires', async () => {
    let now = Date.now()
    const { client, control } = await startWorld({}, { clock: () => now })
    await client.stkPush(pushOf('254712000001'), fresh())
    now += 3_298_000
    await client.stkPush(pushOf('254712000002'), fresh())
    expect(control.tokensIssued()).toBe(1)
    now += 2_000
    await client.stkPush(pushOf('254712000003'), fresh())
    expect(control.tokensIssued()).toBe(2)
  })

  test('a short-lived one is used for half its life', async () => {
    let now = Date.now()
    const { client, control } = await startWorld({ tokenLifeSeconds: 60 }, { clock: () => now })
    await client.stkPush(pushOf('254712000001'), fresh())
    now += 29_000
    await client.stkPush(pushOf('254712000002'), fresh())
    expect(control.tokensIssued()).toBe(1)
    now += 1_000
    await client.stkPush(pushOf('254712000003'), fresh())
    expect(control.tokensIssued()).toBe(2)
  })

  test('refused twice is an error that is worth another try, and no prompt', async () => {
    const { client, control } = await startWorld()
    control.next({ push: 'token-expired' })
    control.next({ push: 'token-expired' })
    expect(await failureOf(client.stkPush(pushOf(), fresh()))).toMatchObject({ code: 'token-refused', retryable: true, uncertain: false })
    expect(control.prompts()).toHaveLength(0)
  })

  test('a failed fetch is not kept, and a push without token is not uncertain', async () => {
    const answers = [{ status: 503, body: 'busy' }, { status: 200, body: '{"nonsense":1}' }, { status: 200, body: '{"access_token":"t","expires_in":"3599"}' }]
    const server = await serve((request, response) => {
      const answer = request.url?.startsWith('/oauth') === true ? answers.shift() : { status: 200, body: '{"MerchantRequestID":1,"CheckoutRequestID":"ws_CO_1","ResponseCode":0}' }
      response.writeHead(answer?.status ?? 500).end(answer?.body)
    })
    const client = createDarajaClient({
      ...DARAJA_SANDBOX_CREDENTIALS, baseUrl: `${server.url}/`, transactionType: 'CustomerPayBillOnline', callbackUrl: server.url, clock: Date.now,
    })
    const options = fresh()
    expect(await failureOf(client.stkPush(pushOf(), options))).toMatchObject({ code: 'provider-failed', retryable: true, uncertain: false })
    expect(await failureOf(client.stkPush(pushOf(), options))).toMatchObject({ code: 'answer-not-understood', retryable: true, uncertain: false })
    expect(await client.stkPush(pushOf(), options)).toMatchObject({ merchantRequestId: '1', checkoutRequestId: 'ws_CO_1' })
    await server.stop()
  })
})

describe('refusals of the real codes', () => {
  test.each([
    ['spike-arrest', { code: 'rate-limited', providerCode: '500.003.02', retryable: true, retryAfterMs: 10_000 }],
    ['quota', { code: 'quota-exceeded', providerCode: '500.003.03', retryable: true }],
    ['wrong-credentials', { code: 'wrong-credentials', providerCode: '500.001.1001', retryable: false }],
    ['merchant-unknown', { code: 'merchant-unknown', retryable: false }],
    ['subscriber-locked', { code: 'subscriber-locked', retryable: true, retryAfterMs: 60_000 }],
    ['system-error', { code: 'provider-failed', retryable: false, uncertain: true }],
    ['internal', { code: 'provider-failed', providerCode: '500.003.1001', uncertain: true }],
    ['not-found', { code: 'not-found', retryable: false }],
    ['bad-request', { code: 'invalid-request', retryable: false }],
    ['bad-payload', { code: 'invalid-payload', retryable: false }],
    ['auth-header', { code: 'auth-header-refused', retryable: false }],
  ] as const)('%s', async (error, expected) => {
    const { client, control } = await startWorld()
    control.next({ push: { error } })
    expect(await failureOf(client.stkPush(pushOf(), fresh()))).toMatchObject({ uncertain: false, ...expected })
    expect(control.prompts()).toHaveLength(0)
  })

  test.each(['token-400', 'token-401', 'token-404'] as const)('%s is answered by a fresh token', async (error) => {
    const { client, control } = await startWorld()
    control.next({ push: { error } })
    await client.stkPush(pushOf(), fresh())
    expect(control.tokensIssued()).toBe(2)
  })

  test('after a certain refusal the same key is a real attempt', async () => {
    const { client, control } = await startWorld()
    control.next({ push: { error: 'spike-arrest' } })
    const options = fresh()
    await failureOf(client.stkPush(pushOf(), options))
    expect(await client.stkPush(pushOf(), options)).toHaveProperty('checkoutRequestId')
  })

  test('a second prompt on one phone is locked out until the first is answered', async () => {
    const { client, control } = await startWorld({ defaults: { callback: { manual: true } } })
    const { checkoutRequestId } = await client.stkPush(pushOf(), fresh())
    expect(await failureOf(client.stkPush(pushOf(), fresh()))).toMatchObject({ code: 'subscriber-locked', retryable: true })
    await control.answer(checkoutRequestId, 1032)
    expect(await client.stkPush(pushOf(), fresh())).toHaveProperty('checkoutRequestId')
  })

  test.each([
    ['passkey', 'wrong-credentials'], ['consumerSecret', 'wrong-credentials'], ['shortcode', 'merchant-unknown'],
  ] as const)('a wrong %s is %s, and no secret is told', async (option, code) => {
    const wrong = option === 'shortcode' ? '600000' : 'wr0ng-s3cr3t'
    const { client } = await startWorld({}, { [option]: wrong })
    const error = await failureOf(client.stkPush(pushOf(), fresh()))
    expect(error).toMatchObject({ code, retryable: false, uncertain: false })
    const told = JSON.stringify([error.message, error.detail, error.stack])
    for (const secret of ['wr0ng-s3cr3t', DARAJA_SANDBOX_CREDENTIALS.passkey, DARAJA_SANDBOX_CREDENTIALS.consumerSecret]) expect(told).not.toContain(secret)
  })
})

describe('when the answer is lost', () => {
  test('a push that timed out is uncertain, is not sent again, and its callback still comes', async () => {
    const { client, control, callbacks } = await startWorld({}, { timeoutMs: 1_000 })
    control.next({ push: 'timeout-after-accepting' })
    const options = fresh()
    expect(await failureOf(client.stkPush(pushOf(), options))).toMatchObject({ code: 'timeout', uncertain: true, retryable: false })
    expect(await failureOf(client.stkPush(pushOf(), options))).toMatchObject({ code: 'timeout', uncertain: true })
    expect(await callbacks(1)).toMatchObject([{ resultCode: '0' }])
    expect(control.prompts()).toHaveLength(1)
  })

  test('a push that the caller gives up after it was sent is uncertain', async () => {
    const { client, control } = await startWorld()
    control.next({ push: 'timeout-after-accepting' })
    const stop = new AbortController()
    const failure = failureOf(client.stkPush(pushOf(), fresh(stop.signal)))
    await control.until(() => true)
    stop.abort()
    expect(await failure).toMatchObject({ code: 'aborted', uncertain: true, retryable: false })
  })

  test('a push that the caller gave up before is certainly not sent', async () => {
    const { client, control } = await startWorld()
    const error = await failureOf(client.stkPush(pushOf(), fresh(AbortSignal.abort())))
    expect(error).toMatchObject({ code: 'aborted', uncertain: false, retryable: true })
    expect(control.prompts()).toHaveLength(0)
  })

  test.each([['reset-after-accepting', 'connection-lost'], ['bad-gateway-after-accepting', 'provider-failed']] as const)('%s is uncertain', async (push, code) => {
    const { client, control } = await startWorld()
    control.next({ push })
    expect(await failureOf(client.stkPush(pushOf(), fresh()))).toMatchObject({ code, uncertain: true, retryable: false })
    expect(control.prompts()).toHaveLength(1)
  })

  test('nobody listening is not uncertain', async () => {
    const { client } = await startWorld({}, { baseUrl: await deadUrl() })
    expect(await failureOf(client.stkPush(pushOf(), fresh()))).toMatchObject({ code: 'connection-failed', retryable: true, uncertain: false })
  })

  test('one caller that gives up waiting for the token leaves it to the others', async () => {
    let answerToken = () => undefined as void
    const server = await serve((request, response) => {
      if (request.url?.startsWith('/oauth') !== true) response.end('{"MerchantRequestID":"m","CheckoutRequestID":"ws_CO_1","ResponseCode":"0"}')
      else {
        answerToken = () => { response.end('{"access_token":"t","expires_in":3599}') }
        asked()
      }
    })
    let asked = () => undefined as void
    const tokenAsked = new Promise<void>((resolve) => { asked = resolve })
    const client = createDarajaClient({ ...DARAJA_SANDBOX_CREDENTIALS, baseUrl: server.url, transactionType: 'CustomerPayBillOnline', callbackUrl: server.url, clock: Date.now })
    const stop = new AbortController()
    const impatient = failureOf(client.stkPush(pushOf('254712000001'), fresh(stop.signal)))
    const patient = client.stkPush(pushOf('254712000002'), fresh())
    await tokenAsked
    stop.abort()
    expect(await impatient).toMatchObject({ code: 'aborted', uncertain: false, retryable: true })
    answerToken()
    expect(await patient).toMatchObject({ checkoutRequestId: 'ws_CO_1' })
    await server.stop()
  })

  test.each([
    ['an answer over the bound', (size: number) => ({ status: 200, body: 'x'.repeat(size) }), 'answer-too-large'],
    ['an acceptance without id', () => ({ status: 200, body: '{"ResponseCode":"0"}' }), 'answer-not-understood'],
    ['a redirect, which is not followed', () => ({ status: 307, body: '' }), 'answer-not-understood'],
  ])('%s is uncertain', async (_name, answer, code) => {
    let calls = 0
    const server = await serve((request, response) => {
      calls += 1
      if (request.url?.startsWith('/oauth') === true) return void response.end('{"access_token":"t","expires_in":"3599"}')
      const { status, body } = answer(2 * 1024 * 1024)
      return void response.writeHead(status, { location: '/elsewhere' }).end(body)
    })
    const client = createDarajaClient({ ...DARAJA_SANDBOX_CREDENTIALS, baseUrl: server.url, transactionType: 'CustomerPayBillOnline', callbackUrl: server.url, clock: Date.now })
    expect(await failureOf(client.stkPush(pushOf(), fresh()))).toMatchObject({ code, uncertain: true, retryable: false })
    expect(calls).toBe(2)
    await server.stop()
  })
})

describe('STK query', () => {
  test('tells the truth before and after the customer acts', async () => {
    const { client, control } = await startWorld({ defaults: { callback: { manual: true } } })
    const { checkoutRequestId } = await client.stkPush(pushOf(), fresh())
    expect(await client.stkQuery({ checkoutRequestId })).toEqual({ status: 'pending', reason: 'being-processed', resultDesc: 'The transaction is being processed' })
    await control.answer(checkoutRequestId, 1032)
    expect(await client.stkQuery({ checkoutRequestId })).toEqual({ status: 'answered', resultCode: '1032', resultDesc: 'Request cancelled by user' })
  })

  test('every pending shape is pending', async () => {
    const { client, control } = await startWorld()
    control.next({ callback: { never: true }, query: ['being-processed', '4999', 'empty-code', 'response-code-only'] })
    const { checkoutRequestId } = await client.stkPush(pushOf(), fresh())
    for (const reason of ['being-processed', 'still-processing', 'no-result-yet', 'no-result-yet']) {
      expect(await client.stkQuery({ checkoutRequestId })).toMatchObject({ status: 'pending', reason })
    }
    await control.idle()
    expect(await client.stkQuery({ checkoutRequestId })).toMatchObject({ status: 'answered', resultCode: '0' })
  })

  test('may contradict a success that the callback told', async () => {
    const { client, control, callbacks } = await startWorld()
    control.next({ query: ['failed'] })
    const { checkoutRequestId } = await client.stkPush(pushOf(), fresh())
    expect(await callbacks(1)).toMatchObject([{ resultCode: '0' }])
    expect(await client.stkQuery({ checkoutRequestId })).toMatchObject({ status: 'answered', resultCode: '1032' })
  })

  test('is never uncertain: a lost answer is worth another query', async () => {
    const { client, control } = await startWorld()
    control.next({ query: [{ error: 'internal' }, { error: 'spike-arrest' }] })
    const { checkoutRequestId } = await client.stkPush(pushOf(), fresh())
    expect(await failureOf(client.stkQuery({ checkoutRequestId }))).toMatchObject({ code: 'provider-failed', retryable: true, uncertain: false })
    expect(await failureOf(client.stkQuery({ checkoutRequestId }))).toMatchObject({ code: 'rate-limited', retryable: true })
    expect(await failureOf(client.stkQuery({ checkoutRequestId: 'ws_CO_unknown' }))).toMatchObject({ code: 'not-found', retryable: false })
  })
})
