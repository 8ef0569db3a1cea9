import { afterEach, describe, expect, it, vi } from 'vitest'
import { StandingError, type BatchItem, type BatchItemResult, type ErrorCode, type Runtime } from '../../../runtime/index.ts'
import { failureCallback, successCallback } from '../../support/callbacks.ts'
import { paymentView } from '../../support/payment-views.ts'
import { DARAJA_SECRET, SMS_SECRET, testApp, type TestApp, type TestAppOptions } from '../../support/api-fakes.ts'

let test: TestApp
afterEach(() => test.app.close())

const APPLIED: BatchItemResult = { ok: true, result: { outcome: 'applied', seq: 3, facts: [], actor: paymentView('completed') } }

/** Payments and notifications by what hooks name. */
function world(known: Record<string, string>, answer: (item: BatchItem) => BatchItemResult = () => APPLIED) {
  const sent: BatchItem[] = []
  const runtime: Partial<Runtime> = {
    search: async ({ values }) =>
      values.flatMap((value) => {
        const kind = value.startsWith('ATP') ? 'providerId' : 'checkoutRequestId'
        const type = kind === 'providerId' ? 'notification' : 'payment'
        return known[value] === undefined ? [] : [{ identifier: { kind, value }, address: { tenant: 'main', type, id: known[value] } }]
      }),
    sendMany: async (items) => {
      sent.push(...items)
      return items.map(answer)
    },
  }
  return { sent, runtime }
}

async function start(options: TestAppOptions) {
  test = await testApp(options)
  await test.app.ready()
}

const stk = (payload: string | object | Buffer, options: { secret?: string; headers?: Record<string, string>; remoteAddress?: string } = {}) =>
  test.app.inject({
    method: 'POST',
    url: `/hooks/daraja/${options.secret ?? DARAJA_SECRET}/stk`,
    payload,
    headers: { ...(typeof payload === 'string' || Buffer.isBuffer(payload) ? { 'content-type': 'application/json' } : {}), ...options.headers },
    ...(options.remoteAddress === undefined ? {} : { remoteAddress: options.remoteAddress }),
  })

const outcomes = () => test.inbox.rows.map(({ outcome }) => outcome)

describe('POST /hooks/daraja/{secret}/stk', () => {
  it('stores the body as it came, answers, and tells the payment', async () => {
    const { sent, runtime } = world({ ws_1: 'pay_1' })
    await start({ runtime })
    const body = JSON.stringify(successCallback('ws_1'), null, 2)
    const response = await stk(body, { headers: { authorization: 'Bearer x', 'user-agent': 'Safaricom' } })
    expect([response.statusCode, response.json()]).toEqual([200, { ResultCode: 0, ResultDesc: 'Accepted' }])
    expect(test.inbox.rows[0]).toMatchObject({ provider: 'daraja', kind: 'stk', body, remoteIp: '127.0.0.1' })
    expect(test.inbox.rows[0]?.headers).toEqual({ 'content-type': 'application/json', 'content-length': String(body.length), 'user-agent': 'Safaricom' })
    await vi.waitFor(() => expect(outcomes()).toEqual(['applied']))
    expect(test.inbox.rows[0]?.actor).toEqual({ tenant: 'main', type: 'payment', id: 'pay_1' })
    expect(sent).toEqual([
      {
        to: { tenant: 'main', type: 'payment', id: 'pay_1' },
        event: {
          type: 'payment.callback', checkoutRequestId: 'ws_1', resultCode: '0', merchantRequestId: '29115-34620561-1', resultDesc: 'The service request is processed successfully.',
          amount: 1_000, currency: 'KES', receipt: 'NLJ7RT61SV', phone: '254708374149', transactionDate: '2019-12-19T07:21:15.000Z',
        },
        eventId: `daraja:stk:${test.inbox.rows[0]?.contentHash}`,
      },
    ])
  })

  it('answers only after the body is stored', async () => {
    await start({ runtime: world({}).runtime })
    test.inbox.delayMs = 60
    const began = Date.now()
    await stk(successCallback('ws_1'))
    expect(Date.now() - began).toBeGreaterThanOrEqual(55)
    expect(test.inbox.rows).toHaveLength(1)
  })

  it('answers 503 when it cannot be stored, so that it comes again', async () => {
    await start({ runtime: world({}).runtime })
    test.inbox.failWhen = () => true
    const response = await stk(successCallback('ws_1'))
    expect(response.statusCode).toBe(503)
    expect(response.headers['retry-after']).toBeDefined()
    expect(response.json()).toMatchObject({ code: 'overloaded' })
  })

  it.each(['wrong', `${DARAJA_SECRET}x`, DARAJA_SECRET.slice(1), SMS_SECRET, 'x'.repeat(400)])('looks like nothing with the secret %s', async (secret) => {
    await start({ runtime: world({}).runtime })
    const [wrong, nothing] = [await stk('{broken', { secret }), await test.app.inject({ method: 'POST', url: '/hooks/daraja/x/other', payload: {} })]
    expect(wrong.statusCode).toBe(404)
    expect({ ...wrong.json<object>(), traceId: '', instance: '' }).toEqual({ ...nothing.json<object>(), traceId: '', instance: '' })
    expect(test.inbox.rows).toEqual([])
  })

  it('does not exist without a secret, or by GET', async () => {
    await start({ hooks: {} })
    expect((await stk({}, { secret: 'undefined' })).statusCode).toBe(404)
    expect((await test.app.inject({ url: `/hooks/daraja/${DARAJA_SECRET}/stk` })).statusCode).toBe(404)
  })

  it('takes a doubled callback once, whether at once or later', async () => {
    const { sent, runtime } = world({ ws_1: 'pay_1' })
    await start({ runtime })
    const answers = await Promise.all([1, 2, 3].map(() => stk(successCallback('ws_1'))))
    await stk(successCallback('ws_1'))
    expect(answers.map(({ statusCode }) => statusCode)).toEqual([200, 200, 200])
    await vi.waitFor(() => expect(outcomes()).toEqual(['applied']))
    expect(sent).toHaveLength(1)
  })

  it('quarantines a callback from a foreign address, and still takes the same one from the true address', async () => {
    const { sent, runtime } = world({ ws_1: 'pay_1' })
    await start({ runtime, hooks: { darajaSecret: DARAJA_SECRET, darajaAllowedIps: ['196.201.214.0/24', '196.201.213.114'], sweepEveryMs: 20 } })
    const forged = await stk(successCallback('ws_1'), { remoteAddress: '6.6.6.6', headers: { 'x-forwarded-for': '196.201.214.200' } })
    expect([forged.statusCode, forged.json()]).toEqual([200, { ResultCode: 0, ResultDesc: 'Accepted' }])
    await new Promise((resolve) => setTimeout(resolve, 60))
    expect(outcomes()).toEqual(['forged'])
    expect(sent).toEqual([])
    expect(test.logged()).toContain('quarantined')
    await stk(successCallback('ws_1'), { remoteAddress: '::ffff:196.201.214.200' })
    await vi.waitFor(() => expect(outcomes()).toEqual(['forged', 'applied']))
  })

  it('believes X-Forwarded-For of our own proxy only', async () => {
    await start({ runtime: world({ ws_1: 'pay_1' }).runtime, trustedProxies: ['10.0.0.1'], hooks: { darajaSecret: DARAJA_SECRET, darajaAllowedIps: ['196.201.214.200'] } })
    await stk(successCallback('ws_1'), { remoteAddress: '10.0.0.1', headers: { 'x-forwarded-for': '196.201.214.200' } })
    await stk(successCallback('ws_2'), { remoteAddress: '10.0.0.1', headers: { 'x-forwarded-for': '196.201.214.200, 6.6.6.6' } })
    expect(test.inbox.rows.map(({ remoteIp }) => remoteIp)).toEqual(['196.201.214.200', '6.6.6.6'])
    await vi.waitFor(() => expect(outcomes()).toEqual(['applied', 'forged']))
  })

  it('waits for a payment that the callback overtook', async () => {
    const known: Record<string, string> = {}
    const { sent, runtime } = world(known)
    await start({ runtime })
    await stk(successCallback('ws_1'))
    await vi.waitFor(() => expect(test.inbox.rows[0]?.attempts).toBe(1))
    expect(outcomes()).toEqual([null])
    known['ws_1'] = 'pay_1'
    await vi.waitFor(() => expect(outcomes()).toEqual(['applied']), { timeout: 2_000 })
    expect(sent).toHaveLength(1)
  })

  it('keeps one that matches nobody, visible, and opens it again when it comes again', async () => {
    const known: Record<string, string> = {}
    const { runtime } = world(known)
    await start({ runtime, hooks: { darajaSecret: DARAJA_SECRET, sweepEveryMs: 20, unmatchedAfterMs: 0 } })
    await stk(failureCallback('ws_unknown'))
    await vi.waitFor(() => expect(outcomes()).toEqual(['unmatched']))
    expect(test.inbox.rows[0]?.note).toBe('nobody is known by the identifier in it')
    known['ws_unknown'] = 'pay_9'
    await stk(failureCallback('ws_unknown'))
    await vi.waitFor(() => expect(outcomes()).toEqual(['applied']))
  })

  it.each([
    ['broken JSON', '{"Body":', 'application/json'],
    ['nothing', '', 'application/json'],
    ['another shape', '{"hello":"world"}', 'application/json'],
    ['a form', 'a=b', 'application/x-www-form-urlencoded'],
    ['an unreadable content type', '{}', ';;;'],
    ['brackets without end', '['.repeat(30_000), 'application/json'],
    ['bytes that are no text', Buffer.from([0xff, 0x00, 0xfe]), 'application/octet-stream'],
  ])('keeps %s as it came, and answers as always', async (_name, payload, contentType) => {
    await start({ runtime: world({}).runtime })
    const response = await stk(payload, { headers: { 'content-type': contentType } })
    expect([response.statusCode, response.json()]).toEqual([200, { ResultCode: 0, ResultDesc: 'Accepted' }])
    await vi.waitFor(() => expect(outcomes()).toEqual(['unreadable']))
    expect(test.inbox.rows[0]?.body).toBe(Buffer.isBuffer(payload) ? `base64:${payload.toString('base64')}` : payload)
  })

  it('refuses a body over 64 kB', async () => {
    await start({})
    const response = await stk(`{"x":"${'x'.repeat(70_000)}"}`)
    expect(response.statusCode).toBe(413)
    expect(response.json()).toMatchObject({ code: 'payload-too-large' })
  })

  it('reaches the payment that the address names when nobody has the identifier', async () => {
    const { sent, runtime } = world({ ws_1: 'pay_1' }, ({ to }) => (to.id === 'pay_gone' ? { ok: false, error: new StandingError('actor-not-found') } : APPLIED))
    await start({ runtime })
    for (const [request, id] of [['ws_1', 'pay_2'], ['ws_lost', 'pay_2'], ['ws_lost', 'pay_gone']] as const) {
      await test.app.inject({ method: 'POST', url: `/hooks/daraja/${DARAJA_SECRET}/stk/${id}`, payload: successCallback(request) })
    }
    await vi.waitFor(() => expect(test.inbox.rows.map(({ outcome, attempts }) => [outcome, attempts > 0])).toEqual([['applied', false], ['applied', false], [null, true]]))
    expect(sent.slice(0, 2).map(({ to, eventId }) => [to.id, eventId?.slice(0, 11)])).toEqual([['pay_1', 'daraja:stk:'], ['pay_2', 'daraja:stk:']])
  })

  it('does not lose a payment to an odd receipt', async () => {
    const { sent, runtime } = world({ ws_1: 'pay_1' })
    await start({ runtime })
    await stk(successCallback('ws_1', 'X'.repeat(500)))
    await vi.waitFor(() => expect(sent).toHaveLength(1))
    expect(sent[0]?.event).not.toHaveProperty('receipt')
    expect(sent[0]?.event).toMatchObject({ resultCode: '0', amount: 1_000 })
  })

  it.each([
    ['event-not-accepted', 'refused'], ['actor-done', 'refused'], ['step-failed', 'refused'], ['invalid-event', 'unreadable'], ['idempotency-mismatch', 'applied'],
    ['actor-blocked', null], ['overloaded', null], ['actor-not-found', null],
  ] as [ErrorCode, string | null][])('after %s it is %s', async (code, outcome) => {
    await start({ runtime: world({ ws_1: 'pay_1' }, () => ({ ok: false, error: new StandingError(code) })).runtime })
    await stk(successCallback('ws_1'))
    await vi.waitFor(() => expect([test.inbox.rows[0]?.outcome, (test.inbox.rows[0]?.attempts ?? 0) > 0]).toEqual([outcome, outcome === null]))
  })

  it('leaves a callback that poisoned its payment to staff', async () => {
    await start({ runtime: world({ ws_1: 'pay_1' }, () => ({ ok: false, error: new StandingError('actor-blocked', undefined, { extra: { eventId: 'e' } }) })).runtime })
    await stk(successCallback('ws_1'))
    await vi.waitFor(() => expect(test.inbox.rows[0]).toMatchObject({ outcome: 'refused', note: 'its step failed; it stands among the parked events' }))
  })

  it.each([['a NUL', 'ws_\0'], ['another control character', 'ws_\u001b1'], ['half a character', 'ws_\ud800']])('asks nobody for an identifier with %s', async (_name, id) => {
    const search = vi.fn(world({}).runtime.search)
    await start({ runtime: { ...world({ ws_1: 'pay_1' }).runtime, search } })
    await stk(successCallback(id))
    await vi.waitFor(() => expect(test.inbox.rows[0]).toMatchObject({ outcome: 'unreadable', note: 'the identifier in it holds control characters' }))
    expect(search).not.toHaveBeenCalled()
  })

  it('takes a description as text, whatever it holds', async () => {
    const { sent, runtime } = world({ ws_1: 'pay_1' })
    await start({ runtime })
    const { Body } = successCallback('ws_1', 'NLJ7\0RT') as { Body: { stkCallback: object } }
    await stk({ Body: { stkCallback: { ...Body.stkCallback, ResultDesc: 'fine\0\nindeed' } } })
    await vi.waitFor(() => expect(outcomes()).toEqual(['applied']))
    expect(sent[0]?.event).toMatchObject({ resultCode: '0', resultDesc: 'fine  indeed' })
    expect(sent[0]?.event).not.toHaveProperty('receipt')
  })

  it('goes on with the neighbours of one that fails every time, which waits longer and longer', async () => {
    const names = Array.from({ length: 5 }, (_, i) => `ws_${i}`)
    const { sent, runtime } = world(Object.fromEntries(names.map((name) => [name, `pay_${name}`])))
    const search: Runtime['search'] = async (query) => {
      if (query.values.includes('ws_2')) throw new Error('a value that the database refuses')
      return (runtime.search as Runtime['search'])(query)
    }
    let clock = Date.now()
    await start({ runtime: { ...runtime, search }, now: () => clock })
    await Promise.all(names.map((name) => stk(successCallback(name))))
    await vi.waitFor(() => expect(outcomes()).toEqual(['applied', 'applied', null, 'applied', 'applied']))
    expect(sent).toHaveLength(4)
    const waits: number[] = []
    for (let attempts = 1; attempts <= 3; attempts++) {
      await vi.waitFor(() => expect(test.inbox.rows[2]?.attempts).toBe(attempts), { timeout: 2_000 })
      waits.push((test.inbox.rows[2]?.nextAttemptAt ?? 0) - clock)
      clock = test.inbox.rows[2]?.nextAttemptAt ?? 0
    }
    expect(waits).toEqual([250, 500, 1_000])
    expect(test.inbox.rows[2]?.note).toBe('it could not be processed')
  })

  it('leaves all to the sweep when not even the inbox can be written', async () => {
    const { runtime } = world({ ws_1: 'pay_1', ws_2: 'pay_2' })
    const search = vi.fn(async () => {
      throw new Error('down')
    })
    await start({ runtime: { ...runtime, search } })
    test.inbox.reschedule = async () => {
      throw new Error('down')
    }
    await Promise.all([stk(successCallback('ws_1')), stk(successCallback('ws_2'))])
    await vi.waitFor(() => expect(test.logged()).toContain('could not be written'))
    expect(outcomes()).toEqual([null, null])
  })

  it('stores what comes to an odd address, instead of asking for it for ever', async () => {
    const { sent, runtime } = world({ ws_1: 'pay_1' })
    await start({ runtime })
    const response = await test.app.inject({ method: 'POST', url: `/hooks/daraja/${DARAJA_SECRET}/stk/pay%001`, payload: successCallback('ws_1') })
    expect(response.statusCode).toBe(200)
    await vi.waitFor(() => expect(outcomes()).toEqual(['applied']))
    expect([test.inbox.rows[0]?.kind, sent[0]?.to.id]).toEqual(['stk', 'pay_1'])
  })

  it('tells a payment that its receipt has credited another one', async () => {
    const { sent, runtime } = world({ ws_1: 'pay_1', ws_2: 'pay_2', ws_3: 'pay_3' })
    const creditedTo = vi.fn(async () => new Map([['NLJ7RT61SV', 'pay_1']]))
    await start({ runtime, receipts: { creditedTo } })
    for (const [id, receipt] of [['ws_1', 'NLJ7RT61SV'], ['ws_2', ' nlj7rt61sv'], ['ws_3', 'NLJ7RT61SW']] as const) await stk(successCallback(id, receipt))
    await stk(failureCallback('ws_1'))
    await vi.waitFor(() => expect(sent).toHaveLength(4))
    expect(sent.map(({ to, event }) => [to.id, event['receiptUsedBy']])).toEqual([['pay_1', undefined], ['pay_2', 'pay_1'], ['pay_3', undefined], ['pay_1', undefined]])
    expect(creditedTo).toHaveBeenCalledWith('main', expect.arrayContaining(['NLJ7RT61SV']))
  })

  it('finds by its sweep what nobody processed (R10)', async () => {
    let isDown = true
    const { runtime } = world({ ws_1: 'pay_1' })
    const sendMany: Runtime['sendMany'] = async (items) => {
      if (isDown) throw new Error('the engine is stopping')
      return (runtime.sendMany as Runtime['sendMany'])(items)
    }
    let clock = Date.now()
    await start({ runtime: { ...runtime, sendMany }, now: () => clock })
    await stk(successCallback('ws_1'))
    await new Promise((resolve) => setTimeout(resolve, 50))
    expect(outcomes()).toEqual([null])
    isDown = false
    clock += 6_000
    await vi.waitFor(() => expect(outcomes()).toEqual(['applied']), { timeout: 2_000 })
  })

  it('answers a burst of a thousand, in a few inserts', async () => {
    const { sent, runtime } = world(Object.fromEntries(Array.from({ length: 1_000 }, (_, i) => [`ws_${i}`, `pay_${i}`])))
    await start({ runtime })
    test.inbox.delayMs = 5
    const answers = await Promise.all(Array.from({ length: 1_000 }, (_, i) => stk(successCallback(`ws_${i}`))))
    expect(answers.every(({ statusCode }) => statusCode === 200)).toBe(true)
    expect(test.inbox.inserts).toBeLessThan(100)
    await vi.waitFor(() => expect(outcomes().filter((outcome) => outcome === 'applied')).toHaveLength(1_000), { timeout: 3_000 })
    expect(new Set(sent.map(({ to }) => to.id)).size).toBe(1_000)
  })

  it('leaves no secret and no phone in the log', async () => {
    await start({ runtime: world({ ws_1: 'pay_1' }, () => ({ ok: false, error: new Error('unexpected') })).runtime, hooks: { darajaSecret: DARAJA_SECRET, darajaAllowedIps: ['10.0.0.1'], sweepEveryMs: 10 } })
    test.inbox.failWhen = ({ body }) => body.includes('ws_fail')
    await stk(successCallback('ws_1'))
    await stk(successCallback('ws_fail'))
    await stk('{broken', { secret: 'wrong-secret-1' })
    await new Promise((resolve) => setTimeout(resolve, 40))
    expect(test.logged()).not.toBe('')
    expect(test.logged()).not.toMatch(new RegExp(`${DARAJA_SECRET}|wrong-secret-1|254708374149`))
    expect((await stk('x', { secret: 'wrong-secret-1' })).json()).toMatchObject({ instance: '/hooks/daraja/[redacted]/stk' })
  })
})

describe('POST /hooks/sms/{secret}/delivery', () => {
  it.each([
    ['a form', 'id=ATPid_1&status=Success&phoneNumber=%2B254708374149&networkCode=63902&retryCount=0', 'application/x-www-form-urlencoded'],
    ['JSON', '{"id":"ATPid_1","status":"Success","networkCode":"63902","retryCount":0}', 'application/json'],
  ])('takes %s and tells the notification', async (_name, payload, contentType) => {
    const { sent, runtime } = world({ ATPid_1: 'ntf_1' })
    await start({ runtime })
    const response = await test.app.inject({ method: 'POST', url: `/hooks/sms/${SMS_SECRET}/delivery`, payload, headers: { 'content-type': contentType } })
    expect(response.statusCode).toBe(200)
    await vi.waitFor(() => expect(outcomes()).toEqual(['applied']))
    expect(sent[0]).toMatchObject({ to: { type: 'notification', id: 'ntf_1' }, event: { type: 'notification.report', providerId: 'ATPid_1', status: 'delivered', providerStatus: 'Success', networkCode: '63902', retryCount: 0 } })
  })

  it('asks nobody for a report id with a NUL', async () => {
    await start({ runtime: world({}).runtime })
    await test.app.inject({ method: 'POST', url: `/hooks/sms/${SMS_SECRET}/delivery`, payload: 'id=ATPid%001&status=Success' })
    await vi.waitFor(() => expect(outcomes()).toEqual(['unreadable']))
  })

  it('keeps what it does not understand', async () => {
    await start({ runtime: world({}).runtime })
    await test.app.inject({ method: 'POST', url: `/hooks/sms/${SMS_SECRET}/delivery`, payload: 'id=ATPid_1&status=Teleported' })
    await vi.waitFor(() => expect(outcomes()).toEqual(['unreadable']))
    expect(test.inbox.rows[0]?.note).toContain('Teleported')
  })
})
