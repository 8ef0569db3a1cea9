import { afterEach, describe, expect, it, vi } from 'vitest'
import { registry } from '../../../actors/registry.ts'
import { REVIEW_WORDS } from '../../../machines/payment/review-words.ts'
import { StandingError, type ActorView, type Runtime } from '../../../runtime/index.ts'
import { paymentView, sessionView } from '../../support/payment-views.ts'
import { testApp, type TestApp, type TestAppOptions } from '../../support/api-fakes.ts'

let test: TestApp
afterEach(async () => {
  await test.app.close()
  test = undefined as never
})

/** A runtime that holds payments by id and makes what is created. */
function shop(prompted: Partial<ActorView> = {}) {
  const payments = new Map<string, ActorView>()
  const create = vi.fn(async ({ id = '' }: { id?: string }, input: unknown) => {
    if (payments.has(id)) throw new StandingError('actor-exists')
    const view = paymentView('prompting', input as object, { id, ...prompted })
    payments.set(id, view)
    return view
  })
  const runtime: Partial<Runtime> = {
    definitions: () => registry,
    create: create,
    get: async ({ id }) => payments.get(id),
    waitFor: async ({ id }) => {
      const view = payments.get(id)
      return view === undefined ? undefined : { ...view, context: { ...(view.context as object), checkoutRequestId: 'ws_CO_1' } }
    },
  }
  return { payments, create, runtime }
}

async function pay(options: TestAppOptions, payload: object, headers: Record<string, string> = {}) {
  // Several requests of one test go to one server.
   
  test ??= await testApp(options)
  return test.app.inject({ method: 'POST', url: '/api/payments/stk', headers, payload })
}

const order = { phone_number: '0708 374 149', package_id: 'hour' }

describe('POST /api/payments/stk', () => {
  it('takes price and package from our list, and answers as the contract says', async () => {
    const { runtime, create } = shop()
    const response = await pay({ runtime }, { ...order, mac_address: 'aa-bb-cc-dd-ee-ff' })
    expect(response.statusCode).toBe(202)
    const { payment_id: id } = response.json<{ payment_id: string }>()
    expect(id).toMatch(/^pay_[0-9a-z]{32}$/)
    expect(response.json()).toEqual({ success: true, payment_id: id, transaction_id: 'ws_CO_1', data: { CheckoutRequestID: 'ws_CO_1', payment_id: id } })
    expect(create.mock.calls[0]?.[1]).toEqual({
      phone: '254708374149',
      package: { id: 'hour', name: 'One hour', durationSeconds: 3_600, dataBytes: null, uploadKbps: 2_048, downloadKbps: 5_120, devices: 1 },
      amount: 1_000,
      currency: 'KES',
      macAddress: 'AA:BB:CC:DD:EE:FF',
      clientHash: expect.stringMatching(/^[\w-]{43}$/) as string,
    })
    expect(response.headers['set-cookie']).toMatch(/^standing_claim_[0-9a-f]{12}=[\w-]{43}; Max-Age=86400; Path=\/; HttpOnly; SameSite=Lax$/)
  })

  it('answers without transaction when M-Pesa has not taken the prompt in time', async () => {
    const { runtime } = shop()
    const response = await pay({ runtime: { ...runtime, waitFor: async () => undefined } }, order)
    expect(response.json()).toMatchObject({ success: true, transaction_id: null, data: { CheckoutRequestID: null } })
  })

  it('gives the same payment to the same Idempotency-Key, and refuses it with another body', async () => {
    const { runtime, create } = shop()
    const headers = { 'idempotency-key': '"7f3a"' }
    const first = await pay({ runtime }, order, headers)
    const again = await pay({ runtime }, { ...order, phone_number: '+254708374149' }, headers)
    expect(again.statusCode).toBe(202)
    expect(again.json()).toEqual(first.json())
    expect([first.headers['idempotency-replayed'], again.headers['idempotency-replayed']]).toEqual([undefined, 'true'])
    expect(create).toHaveBeenCalledTimes(1)
    const other = await pay({ runtime }, { ...order, phone_number: '0712345678' }, headers)
    expect(other.statusCode).toBe(422)
    expect(other.json()).toMatchObject({ code: 'idempotency-mismatch' })
  })

  it('gives one payment to two requests at once with the same key, here or on two nodes', async () => {
    const { runtime, create } = shop()
    const headers = { 'idempotency-key': 'k' }
    const [one, two] = await Promise.all([pay({ runtime }, order, headers), new Promise<Awaited<ReturnType<typeof pay>>>((resolve) => setTimeout(() => resolve(pay({ runtime }, order, headers)), 30))])
    expect(two.json()).toEqual(one.json())
    expect(create).toHaveBeenCalledTimes(1)
    const lateGet = vi.fn(runtime.get).mockResolvedValueOnce(undefined)
    const elsewhere = await testApp({ runtime: { ...runtime, get: lateGet } })
    const third = await elsewhere.app.inject({ method: 'POST', url: '/api/payments/stk', headers, payload: order })
    expect(third.json()).toEqual(one.json())
    await elsewhere.app.close()
  })

  it('allows one open prompt per phone, and does not say whose', async () => {
    const { runtime } = shop()
    const response = await pay({ runtime, openPrompts: { find: async (_tenant, phone) => (phone === '254708374149' ? { paymentId: 'pay_secret' } : undefined) } }, order)
    expect(response.statusCode).toBe(409)
    expect(response.json()).toMatchObject({ code: 'prompt-open' })
    expect(response.body).not.toContain('pay_secret')
  })

  it('sees the prompt of a request that came at the same moment', async () => {
    const { runtime, payments } = shop()
    const openPrompts = { find: async () => [...payments.keys()].map((paymentId) => ({ paymentId }))[0] }
    test = await testApp({ runtime, openPrompts })
    const responses = await Promise.all(Array.from({ length: 5 }, () => pay({}, order)))
    expect(responses.map(({ statusCode }) => statusCode).sort()).toEqual([202, 409, 409, 409, 409])
  })

  it.each([
    [{ package_id: 'hour' }, ['/phone_number']],
    [{ phone_number: 708374149, package_id: 'hour' }, ['/phone_number']],
    [{ phone_number: '12', package_id: 'hour' }, ['/phone_number']],
    [{ phone_number: '+31612345678', package_id: 'hour' }, ['/phone_number']],
    [{ ...order, mac_address: 'zz' }, ['/mac_address']],
    [{ ...order, phone_number: 'x', mac_address: 'zz' }, ['/phone_number', '/mac_address']],
    [{ ...order, amount: 1 }, ['/amount']],
    [{ ...order, package_id: 'free' }, ['/package_id']],
    [{ ...order, package_id: '' }, ['/package_id']],
  ])('refuses %j', async (payload, pointers) => {
    const { runtime, create } = shop()
    const response = await pay({ runtime }, payload)
    expect(response.statusCode).toBe(422)
    expect(response.json<{ errors: { pointer: string }[] }>().errors.map(({ pointer }) => pointer)).toEqual(pointers)
    expect(create).not.toHaveBeenCalled()
  })

  it('limits each phone and each address, and says when to come again', async () => {
    const { runtime } = shop()
    test = await testApp({ runtime, rates: { stkPerPhone: { limit: 2, windowMs: 60_000 }, stkPerIp: { limit: 4, windowMs: 60_000 } } })
    const phone = async (phone_number: string) => pay({}, { ...order, phone_number })
    expect([(await phone('0708374149')).statusCode, (await phone('0708374149')).statusCode]).toEqual([202, 202])
    const third = await phone('0708374149')
    expect(third.statusCode).toBe(429)
    expect(third.json()).toMatchObject({ code: 'rate-limited' })
    expect(Number(third.headers['retry-after'])).toBeGreaterThan(0)
    expect(third.headers['ratelimit-policy']).toBe('"phone";q=2;w=60')
    expect((await phone('0712345678')).statusCode).toBe(202)
    const fifth = await phone('0712345679')
    expect([fifth.statusCode, fifth.headers['ratelimit-policy']]).toEqual([429, '"ip";q=4;w=60'])
  })

  it('limits a device that has one phone after another prompted', async () => {
    const { runtime } = shop()
    test = await testApp({ runtime, rates: { stkPerMac: { limit: 2, windowMs: 60_000 } } })
    const device = (n: number, mac_address: string) => pay({}, { ...order, phone_number: `070837414${n}`, mac_address })
    expect([(await device(0, 'aa-bb-cc-dd-ee-01')).statusCode, (await device(1, 'AABB.CCDD.EE01')).statusCode]).toEqual([202, 202])
    const third = await device(2, 'aa:bb:cc:dd:ee:01')
    expect([third.statusCode, third.headers['ratelimit-policy']]).toEqual([429, '"device";q=2;w=60'])
    expect((await device(3, 'aa:bb:cc:dd:ee:02')).statusCode).toBe(202)
  })
})

describe('GET /api/payments/{payment_id}', () => {
  async function read(view: ActorView | undefined, options: TestAppOptions = {}, url = '/api/payments/pay_00000000', headers: Record<string, string> = {}) {
    test = await testApp({ ...options, runtime: { definitions: () => registry, get: async ({ type }) => (type === 'payment' ? view : undefined), waitFor: async () => undefined, ...options.runtime } })
    return test.app.inject({ url, headers })
  }

  it('tells status, amount and what to do, and nothing about the payer', async () => {
    const response = await read(paymentView('awaiting'))
    expect(response.json()).toEqual({ payment_id: 'pay_00000000', status: 'awaiting', amount: 10, amount_minor: 1_000, currency: 'KES', message: 'Please enter your M-Pesa PIN on your phone.' })
    expect(response.headers).toMatchObject({ etag: '"p2"', 'cache-control': 'no-store' })
  })

  it('says why a payment failed, in words for the customer', async () => {
    const failure = { reason: 'result' as const, code: '1', words: { staff: 's', customer: 'Your M-Pesa balance is not enough.' }, retryAfterMs: null, needsStaff: false, at: 0 }
    expect((await read(paymentView('failed', { failure }))).json()).toMatchObject({ status: 'failed', message: 'Your M-Pesa balance is not enough.' })
  })

  it('promises a customer who cancelled what is still true, and says what a used receipt means', async () => {
    const failure = { reason: 'cancelled' as const, code: null, words: { staff: 's', customer: 'If you have already entered your PIN, your access will still start.' }, retryAfterMs: null, needsStaff: false, at: 0 }
    expect((await read(paymentView('cancelled', { failure }))).json()).toMatchObject({ status: 'cancelled', message: failure.words.customer })
    await test.app.close()
    const review = { reason: 'receipt-used' as const, expected: null, received: null, usedBy: 'pay_other', receipt: 'NLJ7RT61SV', code: '0', words: REVIEW_WORDS['receipt-used'], at: 0 }
    const response = await read(paymentView('review', { review }))
    expect(response.json()).toMatchObject({ status: 'review', message: REVIEW_WORDS['receipt-used'].customer })
    expect(response.body).not.toContain('pay_other')
    await test.app.close()
    const { words: _words, ...older } = review
    expect((await read(paymentView('review', { review: older }))).json()).toMatchObject({ message: expect.stringContaining('We are checking this payment') as string })
  })

  it.each(['pay_unknown1', 'x', '..%2F..%2Fetc', 'pay_00000000%00'])('knows no payment %s', async (id) => {
    const response = await read(undefined, {}, `/api/payments/${id}`)
    expect(response.statusCode).toBe(404)
    expect(response.json()).toMatchObject({ code: 'payment-not-found' })
  })

  it.each([['30s', 30_000], ['500ms', 500], ['2', 2_000], ['99s', 30_000]])('waits %s', async (wait, timeoutMs) => {
    const waitFor = vi.fn(async () => paymentView('completed', {}, { seq: 3 }))
    const response = await read(paymentView('awaiting'), { runtime: { waitFor } }, `/api/payments/pay_00000000?wait=${wait}`)
    expect(waitFor).toHaveBeenCalledWith(expect.anything(), expect.any(Function), expect.objectContaining({ timeoutMs }))
    expect(response.json()).toMatchObject({ status: 'completed' })
  })

  it.each(['-1', 'soon', '1h', '999999s'])('refuses to wait %s', async (wait) => {
    expect((await read(paymentView('awaiting'), {}, `/api/payments/pay_00000000?wait=${wait}`)).statusCode).toBe(422)
  })

  it('does not wait for a payment that is decided, nor for one that changed since', async () => {
    const waitFor = vi.fn(async () => undefined)
    await read(paymentView('failed'), { runtime: { waitFor } }, '/api/payments/pay_00000000?wait=30s')
    await test.app.close()
    await read(paymentView('awaiting'), { runtime: { waitFor } }, '/api/payments/pay_00000000?wait=30s', { 'if-none-match': '"p1"' })
    expect(waitFor).not.toHaveBeenCalled()
  })

  it('answers 304 when nothing changed', async () => {
    const response = await read(paymentView('awaiting'), {}, '/api/payments/pay_00000000', { 'if-none-match': '"p2"' })
    expect(response.statusCode).toBe(304)
  })
})

describe('credentials', () => {
  const send = vi.fn(async () => ({ outcome: 'applied' as const, seq: 2, facts: [], actor: sessionView() }))
  afterEach(() => send.mockClear())

  async function start(session: ActorView | undefined = sessionView(), { remoteAddress = '10.0.0.1', agoMs = 0 } = {}) {
    const { runtime, payments } = shop()
    const get: Runtime['get'] = async ({ type, id }) => (type === 'payment' ? payments.get(id) : session)
    test = await testApp({ runtime: { ...runtime, get, send } })
    const started = await test.app.inject({ method: 'POST', url: '/api/payments/stk', payload: order, remoteAddress })
    const { payment_id: id } = started.json<{ payment_id: string }>()
    const paid = payments.get(id)
    if (paid !== undefined) payments.set(id, { ...paid, states: ['completed'], context: { ...(paid.context as object), requestedAt: Date.now() - agoMs } })
    return { id, cookie: String(started.headers['set-cookie']).split(';')[0] ?? '' }
  }
  const read = (id: string, headers: Record<string, string> = {}, remoteAddress = '10.9.9.9') => test.app.inject({ url: `/api/payments/${id}`, headers, remoteAddress })

  it('are shown to the browser with the cookie, wherever it is', async () => {
    const { id, cookie } = await start()
    const response = await read(id, { cookie: `other=1; ${cookie}`, 'if-none-match': '*' })
    expect(response.json()).toMatchObject({ status: 'completed', credentials: { username: `u-${id.slice(-4)}`, password: 'secret-v3' } })
    expect(send).toHaveBeenCalledWith({ tenant: 'main', type: 'hotspot-session', id }, { type: 'session.revealCredentials' }, { source: 'rest:payer' })
  })

  it('are shown to the same address without a cookie, for half an hour: it is that of all guests', async () => {
    const fresh = await start()
    expect((await read(fresh.id, {}, '10.0.0.1')).json()).toHaveProperty('credentials')
    await test.app.close()
    const old = await start(sessionView(), { agoMs: 30 * 60_000 + 1_000 })
    expect((await read(old.id, {}, '10.0.0.1')).json()).not.toHaveProperty('credentials')
    expect((await read(old.id, { cookie: old.cookie }, '10.0.0.1')).json()).toHaveProperty('credentials')
  })

  it.each([
    ['no cookie', () => ({})],
    ['a made-up cookie', (cookie: string) => ({ cookie: `${cookie.split('=')[0]}=${'A'.repeat(43)}` })],
    ['the cookie of another payment', (cookie: string) => ({ cookie: cookie.replace(/claim_\w{4}/, 'claim_0000') })],
    ['broken cookies', () => ({ cookie: ';;=%%%' })],
  ])('are not shown to %s', async (_name, headersOf) => {
    const { id, cookie } = await start()
    const response = await read(id, headersOf(cookie))
    expect(response.json()).toMatchObject({ status: 'completed' })
    expect(response.json()).not.toHaveProperty('credentials')
    expect(send).not.toHaveBeenCalled()
  })

  it('are not shown when the session has shown them, or does not let', async () => {
    const shown = await start(sessionView({ accepts: [] }))
    expect((await read(shown.id, { cookie: shown.cookie })).json()).not.toHaveProperty('credentials')
    await test.app.close()
    send.mockRejectedValueOnce(new StandingError('event-not-accepted'))
    const raced = await start()
    const response = await read(raced.id, { cookie: raced.cookie })
    expect([response.statusCode, response.json()]).toEqual([200, expect.not.objectContaining({ credentials: expect.anything() as unknown })])
  })

  it('never reach the log', async () => {
    const { id, cookie } = await start()
    await read(id, { cookie })
    expect(test.logged()).not.toMatch(/secret-v3|254708374149/)
    expect(test.logged()).not.toContain(cookie.split('=')[1])
  })
})

describe('GET /api/packages', () => {
  it('lists what is on sale', async () => {
    test = await testApp()
    const response = await test.app.inject({ url: '/api/packages' })
    expect(response.json()).toEqual({
      data: [{ id: 'hour', name: 'One hour', description: null, amount: 10, amount_minor: 1_000, currency: 'KES', duration_seconds: 3_600, data_bytes: null, upload_kbps: 2_048, download_kbps: 5_120, devices: 1 }],
    })
  })
})
