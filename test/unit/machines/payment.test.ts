import { describe, expect, it } from 'vitest'
import { RESULT_CODES } from '../../../machines/payment/result-codes.ts'
import { ACCEPTED, brought, callback, CHECKOUT, failure, newPay, PAY_STATES, refused, SECOND_MONEY, UNCERTAIN, type PayState } from './payment.fixture.ts'
import { START } from './play.ts'

describe('payment: prompting the payer', () => {
  it('asks M-Pesa once, with the price and the moment of the request', () => {
    const pay = newPay()
    expect(pay.state).toBe('prompting')
    expect(pay.calls.get('promptPayer')).toEqual({ phone: '254708374149', amount: 2_000, currency: 'KES', requestedAt: START })
    expect(pay.facts).toEqual([{ type: 'payment.requested', method: 'stk', purpose: { kind: 'hotspot' }, phone: '254708374149', packageId: 'hour', amount: 2_000, currency: 'KES', at: START }])
  })

  it('waits for the callback once M-Pesa took the request', () => {
    const pay = newPay().answer('promptPayer', ACCEPTED, 700)
    expect(pay.state).toBe('awaiting')
    expect(pay.context).toMatchObject({ checkoutRequestId: CHECKOUT, promptedAt: START + 700, attempts: 1 })
    expect(pay.facts).toEqual([{ type: 'payment.prompted', checkoutRequestId: CHECKOUT, at: START + 700 }])
  })

  it('asks again after the named pause when M-Pesa certainly did not take the request', () => {
    const pay = newPay().answer('promptPayer', refused(10_000))
    expect(pay.state).toBe('deferred')
    expect(pay.calls.size).toBe(0)
    expect(pay.elapse('promptRetryGap')).toBe(10_000)
    expect(pay.state).toBe('prompting')
    expect(pay.calls.has('promptPayer')).toBe(true)
    expect(pay.history).toEqual(['payment.requested'])
    expect(pay.context.requestedAt).toBe(START)
  })

  it('gives up after four refusals', () => {
    const pay = newPay()
    for (let attempt = 1; attempt < 4; attempt++) {
      pay.answer('promptPayer', refused(1_000)).elapse('promptRetryGap')
    }
    pay.answer('promptPayer', refused(1_000))
    expect(pay.state).toBe('failed')
    expect(pay.context).toMatchObject({ attempts: 4, failure: { reason: 'not-prompted', code: 'rate-limited', needsStaff: false } })
  })

  it('gives up when the pause would outlast the customer', () => {
    expect(newPay().answer('promptPayer', refused(300_000, 'quota-exceeded')).state).toBe('failed')
  })

  it('fails at a refusal that will not change, and calls staff if the fault is ours', () => {
    const pay = newPay().answer('promptPayer', refused(null, 'wrong-credentials'))
    expect(pay.state).toBe('failed')
    expect(pay.facts).toMatchObject([{ type: 'payment.failed', reason: 'not-prompted', code: 'wrong-credentials', needsStaff: true }])
  })

  it('says what the customer can do when another prompt is open on the phone', () => {
    const pay = newPay().answer('promptPayer', refused(400_000, 'subscriber-locked'))
    expect(pay.context.failure?.words.customer).toContain('Another M-Pesa request is open')
  })

  it('P2: never asks again after a push that may have been taken', () => {
    const pay = newPay().answer('promptPayer', UNCERTAIN)
    expect(pay.state).toBe('uncertain')
    expect([...pay.timers.keys()]).toEqual(['xstate.after.uncertainWindow.payment.uncertain'])
    expect(pay.elapse('uncertainWindow')).toBe(180_000)
    expect(pay.state).toBe('review')
    expect(pay.context.review).toMatchObject({ reason: 'prompt-uncertain', code: 'timeout' })
    expect(pay.context.attempts).toBe(1)
  })

  it('P2: takes an error that nobody foresaw for uncertain', () => {
    const pay = newPay().breakDown('promptPayer', { name: 'Error', message: 'time is over', code: 'timeout' })
    expect(pay.state).toBe('uncertain')
    expect(pay.context.lastResult).toMatchObject({ source: 'push', code: 'timeout', description: 'time is over' })
  })
})

describe('payment: callbacks', () => {
  it.each(PAY_STATES)('P1: a matching success completes from %s', (state: PayState) => {
    const pay = brought[state]()
    expect(pay.send(callback({ resultCode: 0, transactionDate: '2026-01-01T00:00:20Z' }))).toBe(true)
    expect(pay.state).toBe('completed')
    expect(pay.history.filter((fact) => fact === 'payment.completed')).toHaveLength(1)
    expect(pay.context).toMatchObject({ receipt: 'NLJ7RT61SV', confirmedBy: 'callback', checkoutRequestId: CHECKOUT })
    expect(pay.calls.size).toBe(0)
    expect(pay.timers.size).toBe(0)
  })

  it('announces what was bought, so that access can be given without asking anybody', () => {
    expect(brought.completed().facts).toEqual([
      {
        type: 'payment.completed',
        purpose: { kind: 'hotspot' },
        method: 'stk',
        packageId: 'hour',
        package: { id: 'hour', name: '1 hour', durationSeconds: 3_600, dataBytes: null, uploadKbps: 2_000, downloadKbps: 5_000, devices: 1 },
        amount: 2_000,
        currency: 'KES',
        phone: '254708374149',
        macAddress: 'AA:BB:CC:DD:EE:FF',
        receipt: 'NLJ7RT61SV',
        confirmedBy: 'callback',
        lateByMs: null,
        at: START + 20_000,
      },
    ])
  })

  it('credits money that comes after we gave up, and says how late it was', () => {
    const pay = brought.failed()
    pay.send(callback(), 90_000)
    expect(pay.state).toBe('completed')
    expect(pay.facts).toMatchObject([{ type: 'payment.completed', lateByMs: 90_000 }])
  })

  it.each([...RESULT_CODES.values()].filter(({ code }) => code !== '0'))('code $code ($outcome) is handled by its meaning', ({ code, outcome, words, retryAfterMs }) => {
    const pay = brought.awaiting()
    expect(pay.send(failure(code, 'as M-Pesa says'))).toBe(true)
    const expected = { failed: 'failed', retry: 'failed', configuration: 'failed', review: 'review', pending: 'awaiting', success: 'completed' }[outcome]
    expect(pay.state).toBe(expected)
    expect(pay.context.lastResult).toMatchObject({ source: 'callback', code, description: 'as M-Pesa says' })
    if (expected === 'failed') {
      expect(pay.facts).toMatchObject([{ type: 'payment.failed', reason: 'result', code, words, retryAfterMs: retryAfterMs ?? null, needsStaff: outcome === 'configuration' }])
    }
    if (expected === 'review') expect(pay.facts).toMatchObject([{ type: 'payment.reviewNeeded', reason: 'result-unclear', code }])
    if (expected === 'awaiting') expect(pay.facts).toEqual([])
  })

  it('lets a person look at a code that we do not know', () => {
    const pay = brought.awaiting()
    pay.send(failure('77777'))
    expect(pay.state).toBe('review')
    expect(pay.context.review).toMatchObject({ reason: 'result-unclear', code: '77777' })
  })

  it.each([
    ['a smaller amount', { amount: 1_900 }, 'amount-mismatch', 2_000, 1_900],
    ['a larger amount', { amount: 200_000 }, 'amount-mismatch', 2_000, 200_000],
    ['no amount', { amount: undefined }, 'amount-mismatch', 2_000, null],
    ['another currency', { currency: 'UGX' }, 'currency-mismatch', 'KES', 'UGX'],
    ['another phone', { phone: '254700000000' }, 'phone-mismatch', '254708374149', '254700000000'],
    ['a phone that cannot be read', { phone: 'f7c3bc1d808e' }, 'phone-mismatch', '254708374149', 'f7c3bc1d808e'],
    ['another masked phone', { phone: '2547*****126' }, 'phone-mismatch', '254708374149', '2547*****126'],
  ])('P3: a success with %s goes to review', (_, fields, reason, expected, received) => {
    const pay = brought.awaiting()
    pay.send(JSON.parse(JSON.stringify(callback(fields))) as ReturnType<typeof callback>)
    expect(pay.state).toBe('review')
    expect(pay.context.review).toMatchObject({ reason, expected, received, receipt: 'NLJ7RT61SV' })
    expect(pay.history).not.toContain('payment.completed')
  })

  it.each([{ phone: undefined }, { phone: '2547*****149' }, { currency: 'KES' }, { receipt: undefined }])('takes a success with %o', (fields) => {
    const pay = brought.awaiting()
    pay.send(JSON.parse(JSON.stringify(callback(fields))) as ReturnType<typeof callback>)
    expect(pay.state).toBe('completed')
  })

  it.each(PAY_STATES.filter((state) => !['prompting', 'deferred', 'uncertain'].includes(state)))('refuses a callback about another prompt in %s', (state: PayState) => {
    const pay = brought[state]()
    expect(pay.send(callback({ checkoutRequestId: 'ws_CO_of_somebody_else' }))).toBe(false)
    expect(pay.send(failure('1032'))).toBe(true)
  })

  it.each(['prompting', 'deferred', 'uncertain'] as const)('a failure in %s shuts no later success out', (state) => {
    const pay = brought[state]()
    pay.send({ ...failure('1032'), checkoutRequestId: 'ws_CO_forged' })
    expect(pay.state).toBe('failed')
    pay.send(callback())
    expect(pay.state).toBe('completed')
    expect(pay.context.checkoutRequestId).toBe(CHECKOUT)
  })
})

describe('payment: success absorbs (P1)', () => {
  it.each([
    ['the same success again', callback()],
    ['a success without receipt', callback({ receipt: undefined })],
    ['a cancellation', failure('1032')],
    ['a pending code', failure('4999')],
    ['an unknown code', failure('77777')],
  ])('%s is accepted and changes nothing', (_, event) => {
    const pay = brought.completed()
    expect(pay.send(event)).toBe(true)
    expect(pay.state).toBe('completed')
    expect(pay.facts).toEqual([])
    expect(pay.context).toMatchObject({ receipt: 'NLJ7RT61SV', callbacks: 2 })
  })

  it('tells staff once of money with another receipt', () => {
    const pay = brought.completed()
    pay.send(callback({ receipt: 'NLJ7RT61SW' }))
    expect(pay.facts).toEqual([{ type: 'payment.duplicateReceived', receipt: 'NLJ7RT61SW', amount: 2_000, money: { ...SECOND_MONEY, currency: 'KES' }, at: pay.now }])
    pay.send(callback({ receipt: 'NLJ7RT61SW' }))
    expect(pay.facts).toEqual([])
    expect(pay.context).toMatchObject({ receipt: 'NLJ7RT61SV', held: [], parted: ['NLJ7RT61SW'] })
    expect(pay.state).toBe('completed')
  })

  it.each(['payment.cancel', 'payment.approve', 'payment.reject'])('refuses %s', (type) => {
    expect(brought.completed().send({ type, reason: 'x', receipt: 'NLJ7RT61SX' })).toBe(false)
  })
})
