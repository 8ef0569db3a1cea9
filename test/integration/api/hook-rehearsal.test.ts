/** What a stored web hook would do now, over the real engine: looked up and judged as it would be, and nothing happens. */
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { DARAJA_SECRET, SMS_SECRET } from '../../support/api-fakes.ts'
import { apiWorld, type World } from '../../support/api-world.ts'
import { c2bBody, failureCallback, successCallback } from '../../support/callbacks.ts'
import { subscriptionStub } from '../../support/subscription-stub.ts'
import { INPUT } from '../../unit/machines/payment.fixture.ts'

const PHONE = '254708374149'
let world: World
beforeEach(async () => {
  world = await apiWorld([subscriptionStub], { hooks: { darajaSecret: DARAJA_SECRET, smsSecret: SMS_SECRET, darajaShortcode: '600638', darajaAllowedIps: ['127.0.0.1'], sweepEveryMs: 60_000 } })
  await world.runtime.create({ type: 'subscription', id: 'sub_1' }, { accountNumber: '12345674', phone: PHONE, plan: { amount: 1_000, currency: 'KES' } })
})
afterEach(() => world.stop())

/** Stored only, as after a crash: nobody has worked on it. */
async function stored(kind: string, body: object | string, more: { provider?: string; outcome?: 'forged' | null } = {}): Promise<string> {
  const text = typeof body === 'string' ? body : JSON.stringify(body)
  const hook = { provider: 'daraja', kind, contentHash: `${kind}${text}`, body: text, headers: {}, remoteIp: '127.0.0.1', receivedAt: Date.now(), nextAttemptAt: Date.now() + 3_600_000, outcome: null, ...more }
  return (await world.inbox.storeMany([hook]))[0]?.id ?? ''
}
const rehearse = async (id: string, headers = world.admin) => {
  const answer = await world.app.inject({ method: 'POST', url: `/api/v1/hooks/${id}/dry-run`, headers })
  return { status: answer.statusCode, body: answer.json<Record<string, unknown>>() }
}

async function awaiting(): Promise<string> {
  await world.runtime.create({ type: 'payment', id: 'pay_1' }, INPUT)
  const view = await world.runtime.waitFor({ type: 'payment', id: 'pay_1' }, ({ states }) => states.includes('awaiting'), { timeoutMs: 2_000 })
  return (view?.context as { checkoutRequestId: string }).checkoutRequestId
}

describe('POST /api/v1/hooks/{id}/dry-run', () => {
  it('tells whom a callback is about, what that would do, and does nothing', async () => {
    const checkout = await awaiting()
    const id = await stored('stk', successCallback(checkout, 'NLJ7RT61SV', 20, Number(PHONE)))
    const before = await world.runtime.get({ type: 'payment', id: 'pay_1' })
    expect((await rehearse(id)).body).toMatchObject({
      hook: { id, provider: 'daraja', kind: 'stk', outcome: null },
      would: 'applied', isTaken: false, actor: { type: 'payment', id: 'pay_1' },
      event: { type: 'payment.callback', receipt: 'NLJ7RT61SV', phone: PHONE },
      dryRun: { accepted: true, from: 'awaiting', to: 'completed', facts: [{ type: 'payment.completed' }] },
    })
    expect(await world.runtime.get({ type: 'payment', id: 'pay_1' })).toEqual(before)
    expect(world.inbox.rows[0]).toMatchObject({ outcome: null, attempts: 0 })
    expect(world.audit.entries).toMatchObject([{ what: 'simulate', action: 'POST /api/v1/hooks/:id/dry-run', asked: { id }, status: 200 }])
  })

  it('says when it was taken already, and what it would do to whom it was refused by', async () => {
    const checkout = await awaiting()
    await world.app.inject({ method: 'POST', url: `/hooks/daraja/${DARAJA_SECRET}/stk`, payload: failureCallback(checkout) })
    await vi.waitFor(() => expect(world.inbox.rows[0]?.outcome).toBe('applied'))
    expect((await rehearse('1')).body).toMatchObject({ would: 'applied', isTaken: true, dryRun: { accepted: true, from: 'failed', to: 'failed' } })
    const foreign = await stored('stk/pay_1', successCallback('ws_other'))
    expect((await rehearse(foreign)).body).toMatchObject({ hook: { kind: 'stk' }, would: 'refused', note: 'event-not-accepted', actor: { id: 'pay_1' }, dryRun: { accepted: false } })
  })

  it('finds the owner of money that came by itself: a payment to be made, or one that is there', async () => {
    const id = await stored('c2b', c2bBody({}))
    const made = (await rehearse(id)).body
    expect(made).toMatchObject({ would: 'applied', event: null, dryRun: null, input: { method: 'c2b', purpose: { kind: 'subscription', subscriptionId: 'sub_1' }, amount: 1_000 } })
    const to = made['actor'] as { type: string; id: string }
    expect(await world.runtime.get(to)).toBeUndefined()
    await world.app.inject({ method: 'POST', url: `/hooks/daraja/${DARAJA_SECRET}/c2b/confirmation`, payload: c2bBody({}) })
    await vi.waitFor(() => expect(world.inbox.rows[1]?.outcome).toBe('applied'))
    expect((await rehearse(id)).body).toMatchObject({ would: 'applied', note: 'its payment is known already', actor: to, input: null })
    const checkout = await awaiting()
    const prompted = await stored('stk', successCallback(checkout, 'RKTQDM7W6S', 20, Number(PHONE)))
    expect((await rehearse(prompted)).body).toMatchObject({ event: { receiptUsedBy: to.id }, dryRun: { to: 'review' } })
  })

  it('reads nothing out of what was quarantined, and says why others would come to nothing', async () => {
    expect((await rehearse(await stored('stk', successCallback('ws_1'), { outcome: 'forged' }))).body).toMatchObject({ would: 'forged', event: null, actor: null })
    expect((await rehearse(await stored('stk', 'no json'))).body).toMatchObject({ would: 'unreadable', actor: null, event: null })
    expect((await rehearse(await stored('stk', successCallback('ws_nobody')))).body).toMatchObject({ would: 'later', actor: null, event: { checkoutRequestId: 'ws_nobody' } })
    expect((await rehearse(await stored('stk/pay_9', successCallback('ws_nobody')))).body).toMatchObject({ would: 'later', actor: { id: 'pay_9' }, dryRun: null })
    expect((await rehearse(await stored('inbound', 'from=%2B254708374149&text=STOP', { provider: 'sms' }))).body).toMatchObject({ would: 'applied', wish: 'stop', actor: null })
    expect(await world.ports.receipts.creditedTo('main', ['NLJ7RT61SV'])).toEqual(new Map())
  })

  it('is for those who repair, of the tenant whose hooks they are; a phone is masked for who may not see it', async () => {
    const id = await stored('stk', successCallback(await awaiting(), 'NLJ7RT61SV', 20, Number(PHONE)))
    for (const role of ['viewer', 'agent', 'senior', 'billing', 'auditor']) expect((await rehearse(id, world.keys.add(`${role}-key-123`, [role]))).status).toBe(403)
    const told = await rehearse(id, world.keys.add('developer-key', ['developer']))
    expect([told.status, JSON.stringify(told.body).includes(PHONE)]).toEqual([200, false])
    expect(await rehearse(id, world.keys.add('other-key-123', ['admin'], 'other'))).toMatchObject({ status: 404, body: { code: 'hook-not-found' } })
    for (const unknown of ['999', '0', 'x', '99999999999999999999']) expect((await rehearse(unknown)).status).toBe(404)
  })
})
