/** What a payment does when the callback does not come, or when people decide instead. */
import { describe, expect, it } from 'vitest'
import { QUERY_GAPS_MS } from '../../../machines/payment/timing.ts'
import { brought, callback, CHECKOUT, failure, newPay } from './payment.fixture.ts'

const paidByQuery = () => brought.querying().answer('queryPayment', { outcome: 'answered', resultCode: '0', resultDesc: 'ok' })

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

  it.each([
    [{ amount: 100 }, 'amount-mismatch', 2_000, 100, { difference: -1_900 }],
    [{ phone: '254700000000' }, 'phone-mismatch', '254708374149', '254700000000', {}],
  ])('a callback that says %o brings the receipt of the same money, and is told to staff; another receipt is other money', (fields, reason, expected, received, more) => {
    const pay = paidByQuery()
    pay.send(callback(fields))
    const mismatch = { reason, expected, received, receipt: 'NLJ7RT61SV', at: pay.now, ...more }
    expect(pay.facts).toEqual([{ type: 'payment.receiptRecorded', receipt: 'NLJ7RT61SV', at: pay.now }, { type: 'payment.mismatchFound', ...mismatch }])
    expect(pay.context).toMatchObject({ receipt: 'NLJ7RT61SV', mismatch, otherReceipts: [] })
    pay.send(callback(fields))
    expect(pay.facts).toEqual([])
    pay.send(callback({ ...fields, receipt: 'NLJ7RT61SW' }))
    expect(pay.facts).toMatchObject([{ type: 'payment.duplicateReceived', receipt: 'NLJ7RT61SW' }])
    expect(pay.state).toBe('completed')
  })

  it('a callback that differs and names no receipt is told to staff once', () => {
    const pay = paidByQuery()
    for (const facts of [['payment.mismatchFound'], []]) {
      pay.send(JSON.parse(JSON.stringify(callback({ amount: 100, receipt: undefined }))) as ReturnType<typeof callback>)
      expect(pay.facts.map(({ type }) => type)).toEqual(facts)
    }
    pay.send(callback())
    expect(pay.context.receipt).toBe('NLJ7RT61SV')
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

describe('payment: a customer who has cancelled may have paid (P4)', () => {
  const answered = (resultCode: string) => ({ outcome: 'answered', resultCode, resultDesc: '' })

  it.each([['awaiting', 45_000], ['querying', 90_000]] as const)('cancelled in %s, the queries go on and credit a success', (state, gap) => {
    const pay = brought[state]()
    pay.send({ type: 'payment.cancel' })
    expect(pay.facts).toMatchObject([{ type: 'payment.failed', reason: 'cancelled' }])
    expect(pay.calls.size).toBe(0)
    expect(pay.elapse('queryGap')).toBe(gap)
    expect(pay.calls.get('queryPayment')).toEqual({ checkoutRequestId: CHECKOUT })
    pay.answer('queryPayment', { outcome: 'pending', resultDesc: '' }).elapse('queryGap')
    pay.breakDown('queryPayment', { name: 'Error', message: 'down' }).elapse('queryGap')
    pay.answer('queryPayment', answered('0'))
    expect(pay.state).toBe('completed')
    expect(pay.facts).toMatchObject([{ type: 'payment.completed', confirmedBy: 'query', receipt: null }])
  })

  it('a failure by query or callback ends the asking, says so to the customer, and is not announced again', () => {
    const byQuery = brought.cancelled()
    byQuery.elapse('queryGap')
    byQuery.answer('queryPayment', answered('1032'))
    const byCallback = brought.cancelled()
    byCallback.send(failure('1032'))
    for (const pay of [byQuery, byCallback]) {
      expect([pay.state, pay.facts, pay.timers.size + pay.calls.size]).toEqual(['cancelled.closed', [], 0])
      expect(pay.context.failure?.words.customer).toBe('The payment was cancelled. Nothing was taken.')
      pay.send(callback())
      expect(pay.state).toBe('completed')
    }
  })

  it('a person looks at what no query can tell', () => {
    const unclear = brought.cancelled()
    unclear.elapse('queryGap')
    unclear.answer('queryPayment', answered('15'))
    expect([unclear.state, unclear.context.review?.reason]).toEqual(['review', 'result-unclear'])
    const silent = brought.cancelled()
    while (silent.state !== 'review') {
      silent.elapse('queryGap')
      silent.answer('queryPayment', { outcome: 'pending', resultDesc: '' })
    }
    expect(silent.context).toMatchObject({ queries: QUERY_GAPS_MS.length, review: { reason: 'unconfirmed' } })
    const unprompted = brought.uncertain()
    unprompted.send({ type: 'payment.cancel' })
    unprompted.elapse('uncertainWindow')
    expect([unprompted.state, unprompted.context.review?.reason]).toEqual(['review', 'prompt-uncertain'])
  })

  it('money that does not fit is looked at, and an approval names the receipt', () => {
    const pay = brought.cancelled()
    expect(pay.send({ type: 'payment.approve', reason: 'x' })).toBe(false)
    pay.send(callback({ amount: 100 }))
    expect(pay.state).toBe('review')
    const approved = brought.cancelled()
    approved.send({ type: 'payment.approve', reason: 'x', receipt: 'NLJ7RT61SV' })
    expect(approved.state).toBe('completed')
  })
})

describe('payment: what people decide', () => {
  it.each([['deferred', 'closed'], ['uncertain', 'uncertain'], ['awaiting', 'waiting'], ['querying', 'waiting']] as const)('cancels in %s and still credits money that comes', (state, behind) => {
    const pay = brought[state]()
    expect(pay.send({ type: 'payment.cancel', reason: 'changed my mind' })).toBe(true)
    expect(pay.state).toBe(`cancelled.${behind}`)
    expect(pay.context.failure?.reason).toBe('cancelled')
    expect(pay.send({ type: 'payment.cancel' })).toBe(false)
    pay.send(callback())
    expect(pay.state).toBe('completed')
    expect(pay.timers.size + pay.calls.size).toBe(0)
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
