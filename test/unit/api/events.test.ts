import { afterEach, describe, expect, it, vi } from 'vitest'
import { registry } from '../../../actors/registry.ts'
import { StandingError, type ErrorCode, type Runtime, type SendResult } from '../../../runtime/index.ts'
import { PROBLEM_STATUS } from '../../../api/http/problem.ts'
import { lampView } from '../../support/fake-runtime.ts'
import { paymentView } from '../../support/payment-views.ts'
import { testApp, type TestApp } from '../../support/api-fakes.ts'

let test: TestApp
afterEach(() => test.app.close())

const sent = { outcome: 'applied' as const, seq: 4, facts: [{ key: 'main/lamp/a/4/0', type: 'lamp.lit' }], actor: lampView({ seq: 4 }) }

describe('POST /api/v1/actors/{type}/{id}/events', () => {
  it('sends the body as it is and answers with outcome, seq, facts and the actor', async () => {
    const send = vi.fn(async () => sent)
    test = await testApp({ runtime: { send } })
    const response = await test.app.inject({ method: 'POST', url: '/api/v1/actors/lamp/a/events', headers: test.as('admin'), payload: { type: 'toggle', by: 'x' } })
    expect(response.statusCode).toBe(200)
    expect(response.json()).toEqual(sent)
    expect(response.headers['etag']).toBe('"4"')
    expect(send).toHaveBeenCalledWith({ tenant: 'main', type: 'lamp', id: 'a' }, { type: 'toggle', by: 'x' }, { source: 'rest:k_key-of-a' })
  })

  it('takes the Idempotency-Key as event id, quoted or not, and says when an answer is a repetition', async () => {
    const send = vi.fn(async () => ({ ...sent, outcome: 'duplicate' as const }))
    test = await testApp({ runtime: { send } })
    for (const key of ['"k-1"', 'k-1']) {
      const response = await test.app.inject({ method: 'POST', url: '/api/v1/actors/lamp/a/events', headers: { ...test.as('admin'), 'idempotency-key': key }, payload: { type: 'toggle' } })
      expect(response.headers['idempotency-replayed']).toBe('true')
    }
    expect(send.mock.calls.map((call) => (call as unknown[])[2])).toEqual([
      { source: 'rest:k_key-of-a', eventId: 'k-1', checkBody: true },
      { source: 'rest:k_key-of-a', eventId: 'k-1', checkBody: true },
    ])
  })

  it.each(['', '""', '"', 'two words', '"a', 'x'.repeat(256)])('refuses the Idempotency-Key %j', async (key) => {
    test = await testApp()
    const response = await test.app.inject({ method: 'POST', url: '/api/v1/actors/lamp/a/events', headers: { ...test.as('admin'), 'idempotency-key': key }, payload: { type: 'toggle' } })
    expect(response.statusCode).toBe(422)
    expect(response.json()).toMatchObject({ code: 'invalid-input', errors: [{ pointer: '/idempotency-key', in: 'header' }] })
  })

  it('guards by If-Match and carries the trace on', async () => {
    const send = vi.fn(async () => sent)
    test = await testApp({ runtime: { send } })
    const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'
    await test.app.inject({ method: 'POST', url: '/api/v1/actors/lamp/a/events', headers: { ...test.as('admin'), 'if-match': '"3"', traceparent }, payload: { type: 'toggle' } })
    expect(send).toHaveBeenCalledWith(expect.anything(), expect.anything(), { source: 'rest:k_key-of-a', ifSeq: 3, correlationId: '0af7651916cd43dd8448eb211c80319c' })
    const weak = await test.app.inject({ method: 'POST', url: '/api/v1/actors/lamp/a/events', headers: { ...test.as('admin'), 'if-match': 'W/"3"' }, payload: { type: 'toggle' } })
    expect(weak.statusCode).toBe(422)
  })

  const codes: ErrorCode[] = [
    'actor-type-unknown', 'actor-not-found', 'event-not-accepted', 'actor-done', 'actor-blocked', 'stale-version', 'payload-too-large', 'invalid-event', 'idempotency-mismatch', 'overloaded', 'step-failed', 'invalid-state',
  ]
  it.each(codes)('answers %s as a problem with its status', async (code) => {
    test = await testApp({
      runtime: {
        send: async () => {
          throw new StandingError(code, 'the reason', { accepts: ['toggle'], refusedBy: [{ guard: 'hasPower' }], retryAfterMs: 1_500 })
        },
      },
    })
    const response = await test.app.inject({ method: 'POST', url: '/api/v1/actors/lamp/a/events', headers: test.as('admin'), payload: { type: 'toggle' } })
    expect(response.statusCode).toBe(PROBLEM_STATUS[code])
    expect(response.headers['content-type']).toBe('application/problem+json; charset=utf-8')
    expect(response.headers['retry-after']).toBe('2')
    const body = response.json<Record<string, unknown>>()
    expect(body).toMatchObject({ type: `urn:standing:problem:${code}`, status: PROBLEM_STATUS[code], code, instance: '/api/v1/actors/lamp/a/events', accepts: ['toggle'], refusedBy: [{ guard: 'hasPower' }] })
    expect(body['traceId']).toMatch(/^[0-9a-f]{32}$/)
    expect(body['title']).toBeTypeOf('string')
    expect(response.body).not.toContain('.ts:')
  })

  it('never shows what an unexpected error says', async () => {
    test = await testApp({
      runtime: {
        send: async () => {
          throw new Error('password of the database is hunter2')
        },
      },
    })
    const response = await test.app.inject({ method: 'POST', url: '/api/v1/actors/lamp/a/events', headers: test.as('admin'), payload: { type: 'toggle' } })
    expect(response.statusCode).toBe(500)
    expect(response.json()).toMatchObject({ code: 'internal' })
    expect(response.body).not.toMatch(/hunter2|stack|\.ts/)
    expect(test.logged()).toContain('request failed')
  })

  it.each([
    ['no type', {}, ['/type']],
    ['a type of the wrong kind', { type: 7 }, ['/type']],
    ['an empty type', { type: '' }, ['/type']],
    ['a list', [{ type: 'toggle' }], ['']],
    ['null', 'null', ['']],
  ])('refuses %s as invalid-event', async (_name, payload, pointers) => {
    test = await testApp()
    const response = await test.app.inject({ method: 'POST', url: '/api/v1/actors/lamp/a/events', headers: { ...test.as('admin'), 'content-type': 'application/json' }, payload: typeof payload === 'string' ? payload : JSON.stringify(payload) })
    expect(response.statusCode).toBe(422)
    const body = response.json<{ code: string; errors: { pointer: string }[] }>()
    expect(body.code).toBe('invalid-event')
    expect(body.errors.map(({ pointer }) => pointer)).toEqual(pointers)
  })

  it.each([
    ['broken JSON', '{"type":', 422, 'invalid-input'],
    ['an empty body', '', 422, 'invalid-input'],
    ['a forbidden key', '{"type":"toggle","__proto__":{"admin":true}}', 422, 'invalid-input'],
    ['JSON nested without end', `{"type":"toggle","x":${'['.repeat(5_000)}${']'.repeat(5_000)}}`, 422, 'invalid-input'],
    ['a huge body', `{"type":"toggle","x":"${'x'.repeat(2_000_000)}"}`, 413, 'payload-too-large'],
  ])('refuses %s', async (_name, payload, status, code) => {
    test = await testApp()
    const response = await test.app.inject({ method: 'POST', url: '/api/v1/actors/lamp/a/events', headers: { ...test.as('admin'), 'content-type': 'application/json' }, payload })
    expect(response.statusCode).toBe(status)
    expect(response.json()).toMatchObject({ code })
  })

  it.each(['text/plain', 'application/x-www-form-urlencoded', 'rubbish'])('refuses the content type %s', async (type) => {
    test = await testApp()
    const response = await test.app.inject({ method: 'POST', url: '/api/v1/actors/lamp/a/events', headers: { ...test.as('admin'), 'content-type': type }, payload: 'type=toggle' })
    expect(response.statusCode).toBe(415)
    expect(response.json()).toMatchObject({ code: 'unsupported-media-type' })
  })

  it('refuses unknown query parameters', async () => {
    test = await testApp()
    const response = await test.app.inject({ method: 'POST', url: '/api/v1/actors/lamp/a/events?dryrun=1', headers: test.as('admin'), payload: { type: 'toggle' } })
    expect(response.statusCode).toBe(422)
    expect(response.json()).toMatchObject({ code: 'invalid-input', errors: [{ pointer: '/dryrun', in: 'query' }] })
  })
})

describe('an approval by a receipt', () => {
  const refusal = new StandingError('event-not-accepted', 'not in state review', { accepts: [], refusedBy: [{ guard: 'hasFreeReceipt' }] })
  const used = { creditedTo: async (_tenant: string, receipts: readonly string[]) => new Map(receipts.map((receipt) => [receipt, 'pay_other'])) }
  const free = { creditedTo: async () => new Map<string, string>() }
  const approve = { type: 'payment.approve', reason: 'x', receipt: ' nlj7rt61sv' }

  async function approved(payload: object, receipts = used, runtime: Partial<Runtime> = {}) {
    const send = vi.fn(async (_to: unknown, event: object): Promise<SendResult> => {
      if ('receiptUsedBy' in event) throw refusal
      return { ...sent, actor: paymentView('completed') }
    })
    test = await testApp({ receipts, runtime: { definitions: () => registry, send: send, ...runtime } })
    const response = await test.app.inject({ method: 'POST', url: '/api/v1/actors/payment/pay_1/events', headers: test.as('admin'), payload })
    return { response, event: send.mock.calls[0]?.[1] }
  }

  it('that has credited another payment is refused, with a pointer to it', async () => {
    const { response } = await approved(approve)
    expect(response.json()).toMatchObject({ status: 409, code: 'event-not-accepted', detail: 'This receipt has credited another payment.', errors: [{ pointer: '/receipt', detail: 'has credited the payment pay_other' }] })
  })

  it('that is free is as it was sent', async () => {
    const { response, event } = await approved(approve, free)
    expect([response.statusCode, event]).toEqual([200, approve])
  })

  it('that stands under review, when none is named', async () => {
    const review = { reason: 'amount-mismatch' as const, expected: 1, received: 2, receipt: 'NLJ7RT61SV', code: '0', at: 0 }
    const { response } = await approved({ type: 'payment.approve', reason: 'x' }, used, { get: async () => paymentView('review', { review }) })
    expect(response.json()).toMatchObject({ status: 409, errors: [{ pointer: '/receipt' }] })
  })

  it('refused for another reason points nowhere', async () => {
    const send = async () => {
      throw new StandingError('event-not-accepted', 'not in state completed', { refusedBy: [] })
    }
    const { response } = await approved(approve, used, { send })
    expect(response.json()).toMatchObject({ status: 409, detail: 'not in state completed' })
    expect(response.json()).not.toHaveProperty('errors')
  })

  it('is looked up in a batch and for a dry run, too', async () => {
    const sendMany = vi.fn(async () => [{ ok: false as const, error: refusal }])
    const dryRun = vi.fn(async () => ({ accepted: false, from: '', to: '', effects: [], messages: [], facts: [], timers: [], refusedBy: [] }))
    await approved(approve, used, { sendMany, dryRun })
    const batch = await test.app.inject({ method: 'POST', url: '/api/v1/events', headers: test.as('admin'), payload: { events: [{ type: 'payment', id: 'pay_1', event: approve }] } })
    expect(batch.json()).toMatchObject({ data: [{ problem: { status: 409, errors: [{ pointer: '/receipt' }] } }] })
    await test.app.inject({ method: 'POST', url: '/api/v1/actors/payment/pay_1/dry-run', headers: test.as('admin'), payload: approve })
    expect(dryRun).toHaveBeenCalledWith(expect.anything(), { ...approve, receiptUsedBy: 'pay_other' })
  })
})

describe('POST /api/v1/events', () => {
  it('gives each item its own outcome, in order', async () => {
    const sendMany = vi.fn(async () => [
      { ok: true as const, result: sent },
      { ok: false as const, error: new StandingError('event-not-accepted', undefined, { accepts: ['toggle'] }) },
    ])
    test = await testApp({ runtime: { sendMany } })
    const response = await test.app.inject({
      method: 'POST',
      url: '/api/v1/events',
      headers: test.as('agent'),
      payload: {
        events: [
          { type: 'lamp', id: 'a', event: { type: 'toggle' }, eventId: 'e1' },
          { type: 'payment', id: 'p', event: { type: 'payment.callback', resultCode: 0 } },
          { type: 'lamp', id: 'b', event: { type: 'toggle' } },
        ],
      },
    })
    expect(response.statusCode).toBe(200)
    expect(response.json<{ data: unknown[] }>().data).toMatchObject([
      { outcome: 'applied', seq: 4 },
      { outcome: 'failed', problem: { code: 'forbidden', status: 403 } },
      { outcome: 'failed', problem: { code: 'event-not-accepted', status: 409, accepts: ['toggle'] } },
    ])
    // What this key may not send has not been sent.
    expect(sendMany).toHaveBeenCalledWith(
      [
        { to: { tenant: 'main', type: 'lamp', id: 'a' }, event: { type: 'toggle' }, eventId: 'e1' },
        { to: { tenant: 'main', type: 'lamp', id: 'b' }, event: { type: 'toggle' } },
      ],
      { source: 'rest:k_key-of-a', checkBody: true },
    )
  })

  it.each([[0], [1_001]])('refuses a batch of %i', async (count) => {
    test = await testApp()
    const response = await test.app.inject({ method: 'POST', url: '/api/v1/events', headers: test.as('admin'), payload: { events: Array.from({ length: count }, () => ({ type: 'lamp', id: 'a', event: { type: 'toggle' } })) } })
    expect(response.statusCode).toBe(422)
  })
})
