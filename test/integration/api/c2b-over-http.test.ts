/** Money that comes by itself, over HTTP and the engine: confirmations, the provider's list, and both of the same money. */
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { PulledTransaction } from '../../../actors/gateways/mpesa/port.ts'
import { phoneHash } from '../../../actors/gateways/mpesa/phone-hash.ts'
import { DARAJA_SECRET } from '../../support/api-fakes.ts'
import { apiWorld, type World } from '../../support/api-world.ts'
import { c2bBody, successCallback } from '../../support/callbacks.ts'
import { subscriptionStub } from '../../support/subscription-stub.ts'

const PHONE = '254708374149'
let world: World
let list: PulledTransaction[]
let pulls: { fromMs: number; toMs: number }[]

beforeEach(async () => {
  list = []
  pulls = []
  world = await apiWorld([subscriptionStub], { hooks: { darajaSecret: DARAJA_SECRET, darajaShortcode: '600638', sweepEveryMs: 20 } }, {
    pullTransactions: async (window) => {
      pulls.push(window)
      return list
    },
    reverse: async () => ({ originatorConversationId: 'oc-1', conversationId: 'AG_1' }),
  })
  await subscription('sub_1', '12345674', PHONE)
})
afterEach(() => world.stop())

const subscription = (id: string, accountNumber: string, phone: string) => world.runtime.create({ type: 'subscription', id }, { accountNumber, phone, plan: { amount: 1_000, currency: 'KES' } })
const hook = (path: string, payload: object, remoteAddress = '127.0.0.1') => world.app.inject({ method: 'POST', url: `/hooks/daraja/${DARAJA_SECRET}/${path}`, payload, remoteAddress })
const confirm = async (fields: object = {}) => {
  const response = await hook('c2b/confirmation', c2bBody(fields))
  expect(response.json()).toEqual({ ResultCode: 0, ResultDesc: 'Success' })
  await vi.waitFor(() => expect(world.inbox.rows.at(-1)?.outcome).not.toBeNull())
  await world.runtime.settled()
}
const payments = async () => (await world.runtime.list({ type: 'payment', limit: 100 })).data
const balances = async () => {
  const { data } = (await world.app.inject({ url: '/api/v1/ledger/accounts', headers: world.keys.add('audit-key-123', ['auditor']) })).json<{ data: { account: string; amount_minor: number }[] }>()
  return Object.fromEntries(data.map(({ account, amount_minor: amount }) => [account, amount]))
}

describe('a confirmation', () => {
  it.each([
    ['its account number, however typed', { BillRefNumber: ' 1234-5674 ' }],
    ['the only subscription of its hashed phone', { BillRefNumber: 'rent', MSISDN: phoneHash(PHONE) }],
    ['the only subscription of its phone', { BillRefNumber: '', MSISDN: PHONE }],
  ])('is credited by %s', async (_how, fields) => {
    await confirm(fields)
    expect(await payments()).toMatchObject([{ states: ['completed'], context: { purpose: { kind: 'subscription', subscriptionId: 'sub_1' }, method: 'c2b', receipt: 'RKTQDM7W6S', amount: 1_000 } }])
    expect(await balances()).toEqual({ mpesa: 1_000, 'customer:sub_1': -1_000 })
  })

  it.each([
    ['nobody', { BillRefNumber: 'rent', MSISDN: '2547*****126' }, 'account-unknown'],
    ['several', { BillRefNumber: '', MSISDN: PHONE }, 'several-subscriptions'],
  ])('that names %s waits for a person', async (_whom, fields, reason) => {
    await subscription('sub_2', '22345676', PHONE)
    await confirm(fields)
    expect(await payments()).toMatchObject([{ states: ['review'], context: { purpose: { kind: 'unmatched' }, review: { reason, receipt: 'RKTQDM7W6S' } } }])
    expect(await balances()).toEqual({ mpesa: 1_000, unmatched: -1_000 })
  })

  it('does not credit a subscription that is over', async () => {
    await world.runtime.send({ type: 'subscription', id: 'sub_1' }, { type: 'end' })
    await confirm({ BillRefNumber: '12345674' })
    expect(await payments()).toMatchObject([{ states: ['review'] }])
  })

  it('that comes again, in whatever words, is the same money', async () => {
    await confirm()
    await confirm()
    await confirm({ OrgAccountBalance: '1.00', FirstName: 'JANE' })
    expect(await payments()).toHaveLength(1)
    expect(await balances()).toEqual({ mpesa: 1_000, 'customer:sub_1': -1_000 })
  })

  it('for a shortcode that is none of ours is put before a person and into no book; it is assigned if it is ours after all', async () => {
    await confirm({ BusinessShortCode: '999999' })
    const [{ id } = { id: '' }] = await payments()
    expect(await payments()).toMatchObject([{ states: ['review'], tags: ['attention'], context: { purpose: { kind: 'unmatched' }, review: { reason: 'foreign-shortcode', received: '999999' } } }])
    expect(await balances()).toEqual({})
    const listed = await world.app.inject({ url: '/api/v1/actors/payment?state=review', headers: world.keys.add('viewer-key-123', ['viewer']) })
    expect(listed.json<{ data: unknown[] }>().data).toMatchObject([{ id, context: { review: { words: { staff: expect.stringContaining('none of ours') as unknown } } } }])
    // What the account number names makes no difference, nor does the same word again.
    await confirm({ BusinessShortCode: '999999', OrgAccountBalance: '7.00' })
    expect(await payments()).toHaveLength(1)
    await world.runtime.send({ type: 'payment', id }, { type: 'payment.assign', reason: 'our old number', subscriptionId: 'sub_1' })
    await world.runtime.settled()
    expect(await balances()).toEqual({ mpesa: 1_000, 'customer:sub_1': -1_000 })
  })

  it('for a foreign shortcode completes no prompt, and does not take its receipt from it', async () => {
    const response = await world.app.inject({ method: 'POST', url: '/api/payments/stk', payload: { phone_number: PHONE, package_id: 'hour' } })
    const { payment_id: id, transaction_id: checkout } = response.json<{ payment_id: string; transaction_id: string }>()
    await confirm({ BusinessShortCode: '999999', BillRefNumber: id.slice(-12).toUpperCase() })
    expect((await world.runtime.get({ type: 'payment', id }))?.states).toEqual(['awaiting'])
    await hook('stk', successCallback(checkout, 'RKTQDM7W6S'))
    await vi.waitFor(() => expect(world.inbox.rows.at(-1)?.outcome).not.toBeNull())
    await world.runtime.settled()
    expect((await world.runtime.get({ type: 'payment', id }))?.states).toEqual(['completed'])
    // Of the other it is to be seen whose the receipt is.
    const other = (await payments()).find((one) => one.id !== id)
    const assigned = await world.app.inject({ method: 'POST', url: `/api/v1/actors/payment/${other?.id ?? ''}/events`, headers: world.keys.add('billing-key-123', ['billing']), payload: { type: 'payment.assign', reason: 'x', subscriptionId: 'sub_1' } })
    expect([assigned.statusCode, assigned.json<{ refusedBy: { guard: string }[] }>().refusedBy]).toMatchObject([409, [{ guard: 'hasFreeReceipt' }]])
    expect(await balances()).toEqual({ mpesa: 1_000, 'revenue:hotspot': -1_000 })
  })

  it('that is empty or no JSON says so in the inbox', async () => {
    for (const payload of ['', ' ', 'not json']) await world.app.inject({ method: 'POST', url: `/hooks/daraja/${DARAJA_SECRET}/c2b/confirmation`, payload })
    await vi.waitFor(() => expect(world.inbox.rows.map(({ note }) => note)).toEqual(['the body is empty', 'the body is empty', 'the body is no JSON']))
  })

  it('that cannot be read, or is forged, makes nothing', async () => {
    await confirm({ TransID: 'x' })
    await confirm({ TransAmount: '-5' })
    expect(world.inbox.rows.map(({ outcome }) => outcome)).toEqual(['unreadable', 'unreadable'])
    expect((await world.app.inject({ method: 'POST', url: '/hooks/daraja/wrong-secret/c2b/confirmation', payload: c2bBody({}) })).statusCode).toBe(404)
    expect(await payments()).toEqual([])
  })
})

describe('a prompted payment that is confirmed, too', () => {
  async function prompt(): Promise<{ id: string; account: string; checkout: string }> {
    const response = await world.app.inject({ method: 'POST', url: '/api/payments/stk', payload: { phone_number: PHONE, package_id: 'hour' } })
    const { payment_id: id, transaction_id: checkout } = response.json<{ payment_id: string; transaction_id: string }>()
    return { id, checkout, account: id.slice(-12).toUpperCase() }
  }
  const callback = async (checkout: string, receipt = 'RKTQDM7W6S') => {
    await hook('stk', successCallback(checkout, receipt))
    await vi.waitFor(() => expect(world.inbox.rows.at(-1)?.outcome).not.toBeNull())
    await world.runtime.settled()
  }

  it.each([['callback first', true], ['confirmation first', false]])('is credited once: %s', async (_order, isCallbackFirst) => {
    const { id, account, checkout } = await prompt()
    if (isCallbackFirst) await callback(checkout)
    await confirm({ BillRefNumber: account, MSISDN: '2547*****149' })
    if (!isCallbackFirst) await callback(checkout)
    expect(await payments()).toMatchObject([{ id, states: ['completed'], context: { receipt: 'RKTQDM7W6S', otherReceipts: [] } }])
    expect(await balances()).toEqual({ mpesa: 1_000, 'revenue:hotspot': -1_000 })
  })

  it('makes up for a lost callback', async () => {
    const { id, account } = await prompt()
    await confirm({ BillRefNumber: account, MSISDN: phoneHash(PHONE) })
    expect(await payments()).toMatchObject([{ id, states: ['completed'], context: { confirmedBy: 'c2b' } }])
  })

  it('and the payer who uses its number again has paid twice: it is no credit of what else the payer has', async () => {
    const { id, account, checkout } = await prompt()
    await callback(checkout)
    await confirm({ BillRefNumber: account, TransID: 'RKTQDM7W6T', MSISDN: phoneHash(PHONE) })
    expect((await payments()).map(({ states }) => states[0]).sort()).toEqual(['completed', 'review'])
    expect((await payments()).find((one) => one.id !== id)?.context).toMatchObject({ review: { reason: 'paid-twice' }, received: { besides: id } })
    expect(await balances()).toEqual({ mpesa: 2_000, 'revenue:hotspot': -1_000, unmatched: -1_000 })
  })

  it.each([['callback first', true], ['confirmation first', false]])('a second time, by callback and confirmation, is one further payment: %s', async (_order, isCallbackFirst) => {
    const { account, checkout } = await prompt()
    await callback(checkout)
    const told = [() => callback(checkout, 'RKTQDM7W6T'), () => confirm({ BillRefNumber: account, TransID: 'RKTQDM7W6T', MSISDN: '2547*****149' })]
    for (const tell of isCallbackFirst ? told : told.reverse()) await tell()
    expect(await payments()).toHaveLength(2)
    expect((await payments()).find(({ states }) => states.includes('review'))?.context).toMatchObject({ received: { source: 'c2b' } })
    expect(await balances()).toEqual({ mpesa: 2_000, 'revenue:hotspot': -1_000, unmatched: -1_000 })
  })

  it.each([['callback first', true], ['confirmation first', false], ['confirmation only', null]])('a second time, for a subscription, is credit of that: %s', async (_order, isCallbackFirst) => {
    const response = await world.app.inject({ method: 'POST', url: '/api/payments/stk', payload: { phone_number: PHONE, subscription_id: 'sub_1', amount: 10 } })
    const { payment_id: id, transaction_id: checkout } = response.json<{ payment_id: string; transaction_id: string }>()
    await callback(checkout)
    if (isCallbackFirst === true) await callback(checkout, 'RKTQDM7W6T')
    await confirm({ BillRefNumber: id.slice(-12).toUpperCase(), TransID: 'RKTQDM7W6T', MSISDN: '2547*****126' })
    if (isCallbackFirst === false) await callback(checkout, 'RKTQDM7W6T')
    expect(await payments()).toMatchObject([{ states: ['completed'] }, { states: ['completed'] }])
    expect(await balances()).toMatchObject({ mpesa: 2_000, 'customer:sub_1': -2_000 })
    expect((await balances())['unmatched'] ?? 0).toBe(0)
  })

  describe('a second time, is what the paybill says of it', () => {
    const second = async () => (await payments()).find(({ context }) => (context as { receipt: string }).receipt === 'RKTQDM7W6T')
    async function twice(amount: number): Promise<() => Promise<void>> {
      const { account, checkout } = await prompt()
      await callback(checkout)
      await hook('stk', successCallback(checkout, 'RKTQDM7W6T', amount))
      await vi.waitFor(() => expect(world.inbox.rows.at(-1)?.outcome).not.toBeNull())
      await world.runtime.settled()
      expect(await second()).toMatchObject({ states: ['review'], context: { amount: amount * 100, received: { source: 'callback' } } })
      return () => confirm({ BillRefNumber: account, TransID: 'RKTQDM7W6T', MSISDN: '2547*****149' })
    }

    it('as much as it says, whatever a callback has said', async () => {
      const confirmed = await twice(5_000)
      await confirmed()
      expect(await second()).toMatchObject({ states: ['review'], context: { amount: 1_000, received: { source: 'c2b' }, mismatch: { expected: 500_000, received: 1_000 } } })
      expect(await balances()).toEqual({ mpesa: 2_000, 'revenue:hotspot': -1_000, unmatched: -1_000 })
    })

    it('also where staff have found that it never came', async () => {
      const confirmed = await twice(10)
      const id = (await second())?.id ?? ''
      const reject = await world.app.inject({ method: 'POST', url: `/api/v1/actors/payment/${id}/events`, headers: world.keys.add('billing-key-123', ['billing']), payload: { type: 'payment.reject', reason: 'not on the statement', moneyCame: false } })
      expect(reject.statusCode).toBe(200)
      expect(await balances()).toEqual({ mpesa: 1_000, 'revenue:hotspot': -1_000, unmatched: 0 })
      await confirmed()
      expect(await second()).toMatchObject({ states: ['review'], tags: ['attention'] })
      expect(await balances()).toEqual({ mpesa: 2_000, 'revenue:hotspot': -1_000, unmatched: -1_000 })
    })

    it('also where it speaks in the same moment as the callback: it looks again', async () => {
      const confirmed = await twice(10)
      // Before the callback is stored, as it seems.
      vi.spyOn(world.runtime, 'search').mockResolvedValueOnce([])
      await confirmed()
      expect(await second()).toMatchObject({ states: ['review'], context: { received: { source: 'c2b' } } })
      expect(world.inbox.rows.at(-1)?.outcome).toBe('applied')
    })

    it('also where M-Pesa\'s list says it, once', async () => {
      await twice(5_000)
      list = [{ receipt: 'RKTQDM7W6T', at: new Date(Date.now() - 60_000).toISOString(), amount: 1_000, currency: 'KES', phone: PHONE, accountReference: 'rent' }]
      for (let looks = 0; looks < 2; looks++) {
        if (looks === 0) await world.runtime.create({ type: 'reconciliation', id: 'mpesa' }, {})
        else await world.runtime.send({ type: 'reconciliation', id: 'mpesa' }, { type: 'reconciliation.pull' })
        await world.runtime.settled()
      }
      const { id, context } = (await second()) ?? { id: '', context: {} }
      expect(context).toMatchObject({ amount: 1_000, received: { source: 'pull' } })
      expect((await world.runtime.history({ type: 'payment', id })).filter(({ event }) => event.type === 'payment.confirmReceived')).toHaveLength(1)
    })
  })

  it('whose receipt a stray confirmation has taken is looked at, and credits nothing twice', async () => {
    const { id, checkout } = await prompt()
    await confirm({ BillRefNumber: 'rent', MSISDN: '2547*****126' })
    await callback(checkout)
    expect((await world.runtime.get({ type: 'payment', id }))?.context).toMatchObject({ review: { reason: 'receipt-used' }, completedAt: null })
    expect(await balances()).toEqual({ mpesa: 1_000, unmatched: -1_000 })
  })
})

describe('a validation', () => {
  it.each([
    ['0', {}],
    ['0', { BillRefNumber: 'rent', MSISDN: phoneHash(PHONE) }],
    ['C2B00012', { BillRefNumber: '99999999', MSISDN: '2547*****126' }],
    ['C2B00013', { TransAmount: '0.00' }],
    ['C2B00013', { TransAmount: 'ten' }],
    ['C2B00015', { BusinessShortCode: '123456' }],
    ['C2B00016', { TransID: '' }],
  ])('is answered %s for %j, and stores nothing', async (code, fields) => {
    const response = await hook('c2b/validation', c2bBody({ ...fields, OrgAccountBalance: '' }))
    expect([response.statusCode, response.json<{ ResultCode: string }>().ResultCode]).toEqual([200, code])
    expect(world.inbox.rows).toEqual([])
  })
})

describe('the provider\'s list', () => {
  const unheardOf: PulledTransaction = { receipt: 'RKTQDM7W6S', at: new Date(Date.now() - 60_000).toISOString(), amount: 1_000, currency: 'KES', phone: PHONE, accountReference: '12345674' }
  const address = { type: 'reconciliation', id: 'mpesa' }
  const look = async () => {
    if ((await world.runtime.get(address)) === undefined) await world.runtime.create(address, {})
    else await world.runtime.send(address, { type: 'reconciliation.pull' })
    await world.runtime.settled()
  }

  it('makes a payment of money that nobody told us of, once, and the confirmation that comes after all is the same', async () => {
    list = [unheardOf]
    await look()
    await look()
    expect(await payments()).toMatchObject([{ states: ['completed'], context: { confirmedBy: 'pull', purpose: { subscriptionId: 'sub_1' } } }])
    await confirm()
    expect(await payments()).toHaveLength(1)
    expect(await balances()).toEqual({ mpesa: 1_000, 'customer:sub_1': -1_000 })
    expect((await world.runtime.get(address))?.context).toMatchObject({ pulls: 2, found: 1, lastError: null })
  })

  it('adds nothing to what is confirmed already', async () => {
    await confirm()
    list = [unheardOf]
    await look()
    expect(await payments()).toHaveLength(1)
    expect((await world.runtime.get(address))?.context).toMatchObject({ found: 0 })
  })

  describe('tells in full the phone that a confirmation had masked', () => {
    const masked = () => confirm({ BillRefNumber: 'rent', MSISDN: '2547*****149' })
    const told = { ...unheardOf, accountReference: 'rent' }
    const one = async () => (await payments())[0] as Awaited<ReturnType<typeof payments>>[number]
    beforeEach(async () => {
      await masked()
      expect((await one()).states).toEqual(['review'])
    })

    it('so the money is credited to the only subscription of the payer, once', async () => {
      list = [told]
      await look()
      await look()
      await masked()
      expect(await one()).toMatchObject({ states: ['completed'], context: { phone: PHONE, purpose: { kind: 'subscription', subscriptionId: 'sub_1' }, confirmedBy: 'c2b' } })
      expect(await balances()).toEqual({ mpesa: 1_000, unmatched: 0, 'customer:sub_1': -1_000 })
      expect((await world.runtime.get(address))?.context).toMatchObject({ pulls: 2, found: 1 })
    })

    it('and staff know it, where that phone has none or several', async () => {
      await subscription('sub_2', '22345676', PHONE)
      list = [told]
      await look()
      await look()
      const { id, states, context } = await one()
      expect([states, context]).toMatchObject([['review'], { phone: PHONE, review: { reason: 'account-unknown' } }])
      const entries = (await world.runtime.history({ type: 'payment', id })).filter(({ event }) => event.type === 'payment.namePayer')
      expect(entries).toHaveLength(1)
    })

    it('but nothing is credited while a refund of it waits for the second key', async () => {
      const { id } = await one()
      await world.runtime.send({ type: 'payment', id }, { type: 'payment.refund', reason: 'asked for', by: 'key:1' })
      list = [told]
      await look()
      expect(await one()).toMatchObject({ states: ['review'], context: { phone: PHONE, purpose: { kind: 'unmatched' } } })
    })
  })

  it('is read from where it was read to, and 48 hours back at first', async () => {
    await look()
    await look()
    const [first, second] = pulls
    expect((first?.toMs ?? 0) - (first?.fromMs ?? 0)).toBe(48 * 3_600_000)
    expect((first?.toMs ?? 0) - (second?.fromMs ?? 0)).toBe(3_600_000)
  })

  it('is asked when a customer says to have paid, and completes a payment whose callback was lost', async () => {
    const response = await world.app.inject({ method: 'POST', url: '/api/payments/stk', payload: { phone_number: PHONE, package_id: 'hour' } })
    const { payment_id: id } = response.json<{ payment_id: string }>()
    list = [{ ...unheardOf, accountReference: id.slice(-12).toUpperCase() }]
    await world.app.inject({ method: 'POST', url: `/api/payments/${id}/claim`, payload: { receipt: 'RKTQDM7W6S' } })
    await world.runtime.settled()
    expect(pulls.length).toBeGreaterThan(0)
    expect(await payments()).toMatchObject([{ id, states: ['completed'], context: { receipt: 'RKTQDM7W6S', confirmedBy: 'pull' } }])
  })
})

describe('the result of a return', () => {
  const payment = { type: 'payment' }
  const envelope = (fields: object) => ({ Result: { ResultType: 0, ResultCode: 0, ResultDesc: 'ok', OriginatorConversationID: 'oc-1', ConversationID: 'AG_1', TransactionID: 'SKR9XXXXXX', ...fields } })
  async function refunding(): Promise<{ type: string; id: string }> {
    await confirm()
    const [{ id } = { id: '' }] = await payments()
    await world.runtime.send({ ...payment, id }, { type: 'payment.refund', reason: 'wrong account', by: 'key:one', way: 'reversal' })
    await world.runtime.send({ ...payment, id }, { type: 'payment.approveRefund', by: 'key:two' })
    await world.runtime.settled()
    return { ...payment, id }
  }
  const told = async (path: string, body: object) => {
    expect((await hook(path, body)).json()).toEqual({ ResultCode: 0, ResultDesc: 'Accepted' })
    await vi.waitFor(() => expect(world.inbox.rows.at(-1)?.outcome).not.toBeNull())
    await world.runtime.settled()
  }

  it('ends it, and again changes nothing', async () => {
    const to = await refunding()
    await told(`result/${to.id}.return`, envelope({ ResultParameters: { ResultParameter: { Key: 'Charge', Value: '5.00' } } }))
    await told(`result/${to.id}.return`, envelope({ ResultCode: 'R000001' }))
    expect(await world.runtime.get(to)).toMatchObject({ states: ['refunded'], context: { refund: { receipt: 'SKR9XXXXXX', charge: 500 } } })
    expect(await balances()).toEqual({ mpesa: -500, fees: 500, 'customer:sub_1': 0, 'refunds:pending': 0 })
  })

  it('R000001, already reversed, is done', async () => {
    const to = await refunding()
    await told(`result/${to.id}.return`, envelope({ ResultCode: 'R000001' }))
    expect((await world.runtime.get(to))?.states).toEqual(['refunded'])
  })

  it('a timeout is no result, and the answer about the status decides', async () => {
    const to = await refunding()
    await told(`timeout/${to.id}.return`, {})
    expect((await world.runtime.get(to))?.states).toContain('refunding.uncertain')
    await told(`result/${to.id}.status`, envelope({ OriginatorConversationID: 'oc-2', ConversationID: 'AG_2', ResultParameters: { ResultParameter: [{ Key: 'TransactionStatus', Value: 'Completed' }] } }))
    expect((await world.runtime.get(to))?.states).toEqual(['refunded'])
  })

  it('of nobody, or unreadable, is kept for staff', async () => {
    await told('result', envelope({}))
    await told('result/pay_x.other', envelope({}))
    await told('result/pay_x.return', { Result: {} })
    expect(world.inbox.rows.map(({ outcome }) => outcome)).toEqual(['unreadable', 'unreadable', 'unreadable'])
  })
})
