/** One receipt credits one payment: what a payment does with a receipt that has credited another. */
import { describe, expect, it } from 'vitest'
import { paymentEvents } from '../../../machines/payment/events.ts'
import { REVIEW_WORDS } from '../../../machines/payment/review-words.ts'
import { brought, callback, PAY_STATES } from './payment.fixture.ts'

const used = (fields: Record<string, unknown> = {}) => callback({ receiptUsedBy: 'pay_2', ...fields })
const approve = (fields: Record<string, unknown> = {}) => ({ type: 'payment.approve', reason: 'found in the statement', ...fields })

describe('payment: a receipt that has credited another payment (P3)', () => {
  it.each(PAY_STATES.filter((state) => state !== 'completed'))('grants nothing in %s: a person decides', (state) => {
    const pay = brought[state]()
    pay.send(used())
    expect(pay.state).toBe('review')
    expect(pay.facts).toMatchObject([{ type: 'payment.reviewNeeded', reason: 'receipt-used' }])
    expect(pay.context).toMatchObject({
      receipt: null,
      completedAt: null,
      review: { reason: 'receipt-used', expected: null, received: null, usedBy: 'pay_2', receipt: 'NLJ7RT61SV', words: REVIEW_WORDS['receipt-used'] },
    })
    expect(pay.timers.size + pay.calls.size).toBe(0)
  })

  it('is no second payment of one that is completed, and is noted where no receipt is known', () => {
    const pay = brought.completed()
    pay.send(used({ receipt: 'NLJ7RT61SW' }))
    expect([pay.facts, pay.context.otherReceipts]).toEqual([[], []])
    const byQuery = brought.querying().answer('queryPayment', { outcome: 'answered', resultCode: '0', resultDesc: 'ok' })
    byQuery.send(used())
    expect(byQuery.facts).toMatchObject([{ type: 'payment.mismatchFound', reason: 'receipt-used', usedBy: 'pay_2', receipt: 'NLJ7RT61SV' }])
    expect([byQuery.state, byQuery.context.receipt]).toEqual(['completed', null])
    byQuery.send(used())
    expect(byQuery.facts).toEqual([])
  })

  it('the true result completes it after all', () => {
    const pay = brought.awaiting()
    pay.send(used())
    pay.send(callback({ receipt: 'NLJ7RT61SX' }))
    expect([pay.state, pay.context.receipt]).toEqual(['completed', 'NLJ7RT61SX'])
  })

  it.each(['failed', 'cancelled', 'review'] as const)('is refused as ground of an approval in %s', (state) => {
    const pay = brought[state]()
    expect(pay.send(approve({ receipt: 'NLJ7RT61SV', receiptUsedBy: 'pay_2' }))).toBe(false)
    expect(pay.send(approve({ receipt: 'NLJ7RT61SX' }))).toBe(true)
    expect([pay.state, pay.context.receipt]).toEqual(['completed', 'NLJ7RT61SX'])
  })

  it('is not approved by naming none', () => {
    const pay = brought.awaiting()
    pay.send(used())
    expect(pay.send(approve())).toBe(false)
    expect(pay.send(approve({ receipt: 'NLJ7RT61SX' }))).toBe(true)
  })
})

describe('receipts in events', () => {
  it.each(['NLJ7\0RT61', 'NLJ7\u001bRT61', 'NLJ7\ud800'])('%j is none', (receipt) => {
    expect(paymentEvents['payment.callback'].shape.receipt.safeParse(receipt).success).toBe(false)
    expect(paymentEvents['payment.approve'].shape.receipt.safeParse(receipt).success).toBe(false)
  })

  it('may look new', () => {
    expect(paymentEvents['payment.callback'].shape.receipt.parse(' nlj7-rt61 / é ')).toBe('NLJ7-RT61 / É')
  })
})
