/** A payment from the browser's first call to the password, over the real engine. */
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { DARAJA_SECRET, SMS_SECRET } from '../../support/api-fakes.ts'
import { apiWorld, type World } from '../../support/api-world.ts'
import { failureCallback, successCallback } from '../../support/callbacks.ts'

let world: World
beforeEach(async () => {
  world = await apiWorld()
})
afterEach(() => world.stop())

const PHONE = '254708374149'

async function pay(phone = PHONE, headers: Record<string, string> = {}) {
  const response = await world.app.inject({ method: 'POST', url: '/api/payments/stk', payload: { phone_number: phone, package_id: 'hour' }, headers })
  return { response, id: response.json<{ payment_id: string }>().payment_id, cookie: String(response.headers['set-cookie']).split(';')[0] ?? '' }
}

const callback = (payload: object, suffix = '') => world.app.inject({ method: 'POST', url: `/hooks/daraja/${DARAJA_SECRET}/stk${suffix}`, payload })
const poll = (id: string, headers: Record<string, string> = {}, wait = '5s', remoteAddress = '10.9.9.9') => world.app.inject({ url: `/api/payments/${id}?wait=${wait}`, headers, remoteAddress })

describe('a payment over HTTP', () => {
  it('goes from prompt to password, which is shown once', async () => {
    const { response, id, cookie } = await pay()
    expect(response.statusCode).toBe(202)
    expect(response.json()).toMatchObject({ success: true, transaction_id: 'ws_CO_1' })

    const waiting = poll(id, { cookie })
    expect((await callback(successCallback('ws_CO_1'))).json()).toEqual({ ResultCode: 0, ResultDesc: 'Accepted' })
    const paid = (await waiting).json<{ status: string; receipt: string; credentials: { username: string; password: string } }>()
    expect(paid).toMatchObject({ status: 'completed', amount: 10, receipt: 'NLJ7RT61SV' })
    expect(paid.credentials.password).toMatch(/^\w{10}$/)
    await vi.waitFor(() => expect(world.sms.join()).toContain(paid.credentials.password))

    expect((await poll(id, { cookie })).json()).not.toHaveProperty('credentials')
    expect((await poll(id)).json()).not.toHaveProperty('credentials')

    const history = (await world.app.inject({ url: `/api/v1/actors/payment/${id}/history`, headers: world.admin })).body
    expect(history).toContain('hook:daraja')
    expect(history).not.toContain(paid.credentials.password)
  })

  it('is told as server-sent events, change by change, until it is decided', async () => {
    const { id, cookie } = await pay()
    const stream = world.app.inject({ url: `/api/payments/${id}/events`, headers: { cookie } })
    await world.runtime.waitFor({ type: 'payment', id }, ({ states }) => states.includes('awaiting'), { timeoutMs: 5_000 })
    await callback(successCallback('ws_CO_1'))
    const { body, headers } = await stream
    expect(headers['content-type']).toBe('text/event-stream; charset=utf-8')
    const told = [...body.matchAll(/^id: (p\d+)\nevent: status\ndata: (.+)$/gm)].map(([, position = '', data = '']) => ({ position, ...(JSON.parse(data) as { status: string }) }))
    expect(told.map(({ status }) => status)).toEqual(['awaiting', 'completed'])
    expect(told.at(-1)).toMatchObject({ payment_id: id, amount: 10, receipt: 'NLJ7RT61SV' })
    expect(body).not.toContain('password')

    const again = (position: string) => world.app.inject({ url: `/api/payments/${id}/events`, headers: { 'last-event-id': position } })
    expect((await again(told.at(-1)?.position ?? '')).statusCode).toBe(204)
    expect((await again(told[0]?.position ?? '')).body).toContain('"status":"completed"')
    expect((await world.app.inject({ url: '/api/payments/pay_none/events' })).json()).toMatchObject({ code: 'payment-not-found' })
  })

  it('does not hold up the end of the server while somebody listens', async () => {
    const { id } = await pay()
    const stream = world.app.inject({ url: `/api/payments/${id}/events` })
    await world.runtime.waitFor({ type: 'payment', id }, ({ states }) => states.includes('awaiting'), { timeoutMs: 5_000 })
    await world.app.close()
    expect((await stream).body).not.toContain('completed')
  })

  it('shows nothing to another who knows the id', async () => {
    const { id } = await pay()
    await callback(successCallback('ws_CO_1'))
    const seen = (await poll(id)).json<object>()
    expect(seen).toMatchObject({ status: 'completed' })
    expect(seen).not.toHaveProperty('credentials')
  })

  it('credits once, however often the callback comes', async () => {
    const { id } = await pay()
    await Promise.all(Array.from({ length: 20 }, () => callback(successCallback('ws_CO_1'))))
    await poll(id)
    await world.runtime.settled()
    const view = await world.runtime.get({ type: 'payment', id })
    expect(view?.context).toMatchObject({ callbacks: 1, receipt: 'NLJ7RT61SV' })
    expect(world.inbox.rows).toHaveLength(1)
  })

  it('takes a callback that overtakes the answer of the push', async () => {
    let answer: () => void = () => undefined
    const answered = new Promise<void>((resolve) => (answer = resolve))
    const accept = world.push
    world.push = async (count) => answered.then(() => accept(count))
    const paying = pay()
    await vi.waitFor(async () => expect((await world.runtime.search({ values: [PHONE] })).length).toBe(1))
    await callback(successCallback('ws_CO_1'))
    await vi.waitFor(() => expect(world.inbox.rows[0]?.attempts).toBeGreaterThan(0))
    answer()
    const { id } = await paying
    expect((await poll(id)).json()).toMatchObject({ status: 'completed' })
  })

  it('finds the payment by its address when the answer of the push was lost', async () => {
    world.push = () => new Promise(() => undefined)
    const { id, response } = await pay()
    expect(response.json()).toMatchObject({ transaction_id: null })
    await callback(successCallback('ws_CO_77'), `/${id}`)
    expect((await poll(id)).json()).toMatchObject({ status: 'completed' })
  })

  it('leaves a payment of the wrong amount to staff, who may approve it', async () => {
    const { id } = await pay()
    await callback(successCallback('ws_CO_1', 'NLJ7RT61SV', 1))
    expect((await poll(id)).json()).toMatchObject({ status: 'review' })
    const approve = await world.app.inject({ method: 'POST', url: `/api/v1/actors/payment/${id}/events`, headers: world.admin, payload: { type: 'payment.approve', reason: 'seen on the statement' } })
    expect(approve.json()).toMatchObject({ outcome: 'applied', actor: { states: ['completed'] } })
  })

  it('says why it failed, and lets the phone try again', async () => {
    const first = await pay()
    expect((await pay()).response.json()).toMatchObject({ status: 409, code: 'prompt-open' })
    await callback(failureCallback('ws_CO_1'))
    expect((await poll(first.id)).json()).toMatchObject({ status: 'failed', message: 'The payment was cancelled. Nothing was taken.' })
    expect((await pay()).response.statusCode).toBe(202)
  })

  it('gives the same payment to the same Idempotency-Key', async () => {
    const headers = { 'idempotency-key': '"once"' }
    const [one, two] = await Promise.all([pay(PHONE, headers), pay(PHONE, headers)])
    expect(two.id).toBe(one.id)
    expect(two.response.json()).toEqual(one.response.json())
    expect((await pay('254712345678', headers)).response.json()).toMatchObject({ code: 'idempotency-mismatch' })
  })

  it('takes delivery reports', async () => {
    const { id } = await pay()
    await callback(successCallback('ws_CO_1'))
    await poll(id)
    await vi.waitFor(() => expect(world.sms).toHaveLength(1))
    await world.app.inject({ method: 'POST', url: `/hooks/sms/${SMS_SECRET}/delivery`, payload: 'id=ATPid_1&status=Success', headers: { 'content-type': 'application/x-www-form-urlencoded' } })
    await vi.waitFor(async () => expect(await world.runtime.list({ type: 'notification', state: 'delivered', limit: 5 })).toMatchObject({ data: [{ type: 'notification' }] }))
  })
})
