/** Money that came without a prompt, and customers who say that they have paid. */
import { describe, expect, it } from 'vitest'
import { paymentInput } from '../../../machines/payment/events.ts'
import { paymentMachine } from '../../../machines/payment/machine.ts'
import { approveRefund, brought, callback, C2B_INPUT, HOUR_PACKAGE, INPUT, refund, refused, UNMATCHED_INPUT } from './payment.fixture.ts'
import { Play, START } from './play.ts'

describe('money that came by itself', () => {
  it('is credited to the subscription that it names', () => {
    const pay = new Play(paymentMachine, C2B_INPUT)
    expect(pay.state).toBe('completed')
    expect(pay.facts.map(({ type }) => type)).toEqual(['payment.requested', 'payment.completed'])
    expect(pay.facts[1]).toMatchObject({ purpose: { kind: 'subscription', subscriptionId: 'sub_1' }, method: 'c2b', amount: 2_000, receipt: 'NLJ7RT61SV', confirmedBy: 'c2b', package: null, phone: null, at: START })
  })

  it('without a purpose waits for a person, and is credited once it is assigned', () => {
    const pay = new Play(paymentMachine, UNMATCHED_INPUT)
    expect(pay.state).toBe('review')
    expect(pay.facts[1]).toMatchObject({ type: 'payment.reviewNeeded', reason: 'account-unknown', receipt: 'NLJ7RT61SV', received: '12345674' })
    expect(pay.send({ type: 'payment.approve', reason: 'x' })).toBe(false)
    expect(pay.send({ type: 'payment.reject', reason: 'x' })).toBe(false)
    pay.send({ type: 'payment.assign', reason: 'called us', subscriptionId: 'sub_2' }, 60_000)
    expect(pay.facts).toMatchObject([{ type: 'payment.completed', purpose: { kind: 'subscription', subscriptionId: 'sub_2' }, at: START + 60_000 }])
    expect(pay.context.decision).toBe('called us')
  })

  it('can be assigned to a package for a phone that is known in full, and to nothing else', () => {
    const assign = (fields: object) => {
      const pay = new Play(paymentMachine, UNMATCHED_INPUT)
      return { taken: pay.send({ type: 'payment.assign', reason: 'x', ...fields }), pay }
    }
    for (const fields of [{}, { package: HOUR_PACKAGE }, { package: HOUR_PACKAGE, phone: '254708374149', subscriptionId: 'sub_1' }, { packageId: 'hour', phone: '254708374149' }]) {
      expect(assign(fields).taken).toBe(false)
    }
    const { pay } = assign({ package: HOUR_PACKAGE, phone: '254708374149' })
    expect(pay.facts).toMatchObject([{ type: 'payment.completed', purpose: { kind: 'hotspot' }, package: HOUR_PACKAGE, phone: '254708374149' }])
    expect(pay.send({ type: 'payment.assign', reason: 'x', subscriptionId: 'sub_1' })).toBe(false)
  })

  it('can be assigned when it could not be given back', () => {
    const pay = new Play(paymentMachine, UNMATCHED_INPUT)
    pay.send(refund())
    pay.send(approveRefund())
    pay.answer('requestReturn', refused(null))
    expect(pay.state).toBe('refundFailed')
    pay.send({ type: 'payment.assign', reason: 'x', subscriptionId: 'sub_1' })
    expect(pay.state).toBe('completed')
  })

  it('listens to no results of prompts', () => {
    for (const input of [C2B_INPUT, UNMATCHED_INPUT]) expect(new Play(paymentMachine, input).send(callback())).toBe(false)
  })

  it('over the counter is credited at once', () => {
    expect(paymentInput.safeParse({ ...INPUT, method: 'voucher' }).success).toBe(false)
    expect(new Play(paymentMachine, { ...INPUT, method: 'cash' }).facts[1]).toMatchObject({ type: 'payment.completed', method: 'cash', confirmedBy: 'staff', receipt: null })
  })

  it.each([
    [{ ...INPUT, package: null }, 'package'],
    [{ ...INPUT, phone: null }, 'phone'],
    [{ ...INPUT, received: C2B_INPUT.received }, 'received'],
    [{ ...C2B_INPUT, received: null }, 'received'],
    [{ ...INPUT, purpose: { kind: 'unmatched' } }, 'purpose'],
  ])('input %# is refused because of its %s', (input, field) => {
    expect(paymentInput.safeParse(input).error?.issues.map(({ path }) => path[0])).toContain(field)
  })

  it.each([INPUT, C2B_INPUT, UNMATCHED_INPUT])('input %# is taken', (input) => {
    expect(paymentInput.parse(input)).toEqual(input)
  })
})

describe('the confirmation of a prompted payment, found by its account number', () => {
  const told = (fields: object = {}) => callback({ checkoutRequestId: undefined, source: 'c2b', ...fields })

  it.each(['prompting', 'uncertain', 'awaiting', 'querying', 'failed', 'cancelled', 'review'] as const)('completes it from %s', (state) => {
    const pay = brought[state]()
    pay.send(JSON.parse(JSON.stringify(told())) as never)
    expect([pay.state, pay.context.confirmedBy, pay.context.receipt]).toEqual(['completed', 'c2b', 'NLJ7RT61SV'])
  })

  it('and its callback are the same money', () => {
    const pay = brought.completed()
    pay.send(told())
    expect([pay.facts, pay.context.otherReceipts]).toEqual([[], []])
  })
})

describe('"I have paid"', () => {
  const claim = { type: 'payment.claim', receipt: 'NLJ7RT61SV' }

  it('makes us ask at once, and grants nothing', () => {
    const pay = brought.awaiting()
    pay.send(claim)
    expect([pay.state, pay.calls.size]).toEqual(['querying', 1])
    expect(pay.facts).toEqual([{ type: 'payment.claimed', receipt: 'NLJ7RT61SV', at: pay.now }])
    pay.answer('queryPayment', { outcome: 'pending', resultDesc: '' })
    expect([pay.state, pay.context.receipt, pay.context.claim]).toEqual(['awaiting', null, { receipt: 'NLJ7RT61SV', usedBy: null, at: pay.now }])
    const cancelled = brought.cancelled()
    cancelled.send(claim)
    expect(cancelled.state).toBe('cancelled.querying')
  })

  it.each(['failed', 'review', 'uncertain', 'querying'] as const)('is noted in %s, which stays', (state) => {
    const pay = brought[state]()
    pay.send({ ...claim, receiptUsedBy: 'pay_2' })
    expect([pay.state, pay.facts[0]?.type, pay.context.claim?.usedBy]).toEqual([state, 'payment.claimed', 'pay_2'])
  })

  it('can be said ten times, and not of what is credited', () => {
    const pay = brought.failed()
    for (let time = 0; time < 10; time++) expect(pay.send(claim)).toBe(true)
    expect(pay.send(claim)).toBe(false)
    expect(brought.completed().send(claim)).toBe(false)
    expect(new Play(paymentMachine, UNMATCHED_INPUT).send(claim)).toBe(false)
  })
})
