/** What a payment does when the callback does not come, or when people decide instead. */
import { describe, expect, it } from 'vitest'
import { QUERY_GAPS_MS } from '../../../machines/payment/timing.ts'
import { brought, callback, CHECKOUT, failure, newPay } from './payment.fixture.ts'

describe('payment: queries (P4)', () => {
  it('asks with growing gaps while M-Pesa says pending, then lets a person look', () => {
    const pay = brought.awaiting()
    const gaps: number[] = []
    while (pay.state === 'awaiting') {
      gaps.push(pay.elapse('queryGap'))
      expect(pay.calls.get('queryPayment')).toEqual({ checkoutRequestId: CHECKOUT })
      pay.answer('queryPayment', { outcome: 'pending', resultDesc: 'The transaction is being processed' })
    }
    expect(gaps).toEqual(QUERY_GAPS_MS)
    expect(gaps.slice(0, 5)).toEqual([45_000, 90_000, 180_000, 600_000, 1_800_000])
    expect(pay.state).toBe('review')
    expect(pay.context).toMatchObject({ queries: gaps.length, review: { reason: 'unconfirmed' } })
  })

  it('takes a query that cannot be made for no word about the payment', () => {
    const pay = brought.querying()
    pay.breakDown('queryPayment', { name: 'TerminalError', message: 'wrong credentials', code: 'wrong-credentials' })
    expect(pay.state).toBe('awaiting')
    expect(pay.dueInMs('queryGap')).toBe(90_000)
  })

  it('lets a person look when the last query cannot be made', () => {
    const pay = brought.awaiting()
    while (pay.state === 'awaiting') {
      pay.elapse('queryGap')
      pay.breakDown('queryPayment', { name: 'Error', message: 'down' })
    }
    expect(pay.state).toBe('review')
  })

  it('credits by query without a receipt, which a later callback brings', () => {
    const pay = brought.querying().answer('queryPayment', { outcome: 'answered', resultCode: '0', resultDesc: 'ok' })
    expect(pay.state).toBe('completed')
    expect(pay.facts).toMatchObject([{ type: 'payment.completed', receipt: null, confirmedBy: 'query' }])
    pay.send(callback())
    expect(pay.facts).toEqual([{ type: 'payment.receiptRecorded', receipt: 'NLJ7RT61SV', at: pay.now }])
    expect(pay.context).toMatchObject({ receipt: 'NLJ7RT61SV', confirmedBy: 'query' })
    pay.send(callback())
    expect(pay.facts).toEqual([])
  })

  it('does not take the receipt of a callback that differs from what was asked', () => {
    const pay = brought.querying().answer('queryPayment', { outcome: 'answered', resultCode: '0', resultDesc: 'ok' })
    pay.send(callback({ amount: 100 }))
    expect(pay.context.receipt).toBeNull()
    expect(pay.facts).toMatchObject([{ type: 'payment.duplicateReceived', amount: 100 }])
  })

  it('believes a failed query only until a success comes', () => {
    const pay = brought.querying().answer('queryPayment', { outcome: 'answered', resultCode: '1032', resultDesc: 'cancelled' })
    expect(pay.state).toBe('failed')
    expect(pay.context.failure).toMatchObject({ code: '1032' })
    pay.send(callback())
    expect(pay.state).toBe('completed')
  })

  it.each(['15', '77777'])('lets a person look at query code %s', (resultCode) => {
    expect(brought.querying().answer('queryPayment', { outcome: 'answered', resultCode, resultDesc: '' }).state).toBe('review')
  })

  it('keeps asking when the code itself says pending', () => {
    expect(brought.querying().answer('queryPayment', { outcome: 'answered', resultCode: '4999', resultDesc: '' }).state).toBe('awaiting')
  })

  it('a callback during a query wins and ends the query', () => {
    const pay = brought.querying()
    pay.send(callback())
    expect(pay.state).toBe('completed')
    expect(pay.calls.size).toBe(0)
    expect(pay.send({ type: 'xstate.done.actor.queryPayment', output: { outcome: 'answered', resultCode: '1032', resultDesc: '' } })).toBe(false)
    expect(pay.state).toBe('completed')
  })
})

describe('payment: what people decide', () => {
  it.each(['deferred', 'uncertain', 'awaiting', 'querying'] as const)('cancels in %s and still credits money that comes', (state) => {
    const pay = brought[state]()
    expect(pay.send({ type: 'payment.cancel', reason: 'changed my mind' })).toBe(true)
    expect(pay.state).toBe('failed')
    expect(pay.context.failure?.reason).toBe('cancelled')
    expect(pay.timers.size + pay.calls.size).toBe(0)
    pay.send(callback())
    expect(pay.state).toBe('completed')
  })

  it('cannot be cancelled while the push is under way: its answer names the prompt', () => {
    expect(newPay().send({ type: 'payment.cancel' })).toBe(false)
  })

  it('approves in review, with the receipt that the callback named', () => {
    const pay = brought.awaiting()
    pay.send(callback({ amount: 1_900 }))
    expect(pay.send({ type: 'payment.approve', reason: 'rest was paid in cash' })).toBe(true)
    expect(pay.facts).toMatchObject([{ type: 'payment.completed', confirmedBy: 'staff', receipt: 'NLJ7RT61SV', amount: 2_000 }])
    expect(pay.context.decision).toBe('rest was paid in cash')
  })

  it('approves a failed payment only by naming a receipt', () => {
    const pay = brought.failed()
    expect(pay.send({ type: 'payment.approve', reason: 'customer showed an SMS' })).toBe(false)
    expect(pay.send({ type: 'payment.approve', reason: 'found in the statement', receipt: 'NLJ7RT61SV' })).toBe(true)
    expect(pay.context).toMatchObject({ receipt: 'NLJ7RT61SV', confirmedBy: 'staff' })
  })

  it('rejects, and does not ask again about the same receipt', () => {
    const pay = brought.awaiting()
    pay.send(callback({ phone: '254700000000' }))
    pay.send({ type: 'payment.reject', reason: 'forged' })
    expect(pay.state).toBe('failed')
    expect(pay.facts).toMatchObject([{ type: 'payment.failed', reason: 'rejected' }])
    expect(pay.send(callback({ phone: '254700000000' }))).toBe(true)
    expect(pay.state).toBe('failed')
    pay.send(callback({ phone: '254700000000', receipt: 'NLJ7RT61SW' }))
    expect(pay.state).toBe('review')
  })

  it('a definite failure settles a review that waits for any word', () => {
    const pay = brought.review()
    pay.send(failure('1032'))
    expect(pay.state).toBe('failed')
  })

  it('no failure takes money out of a review', () => {
    const pay = brought.awaiting()
    pay.send(callback({ amount: 1_900 }))
    pay.send(failure('1032'))
    expect(pay.state).toBe('review')
  })

  it('money that does not fit replaces a weaker doubt, and is announced', () => {
    const pay = brought.review()
    pay.send(callback({ amount: 1_900 }))
    expect(pay.state).toBe('review')
    expect(pay.facts).toMatchObject([{ type: 'payment.reviewNeeded', reason: 'amount-mismatch' }])
    pay.send(callback({ amount: 1_900 }))
    expect(pay.facts).toEqual([])
  })
})
