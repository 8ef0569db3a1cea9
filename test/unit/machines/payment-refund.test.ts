/** Money that goes back (F1-F3). */
import { describe, expect, it } from 'vitest'
import { paymentMachine } from '../../../machines/payment/machine.ts'
import { CHECK_GAPS_MS } from '../../../machines/payment/timing.ts'
import { approveRefund, brought, callback, C2B_INPUT, refund, refused, returnResult, TAKEN, UNCERTAIN, UNMATCHED_INPUT } from './payment.fixture.ts'
import { Play } from './play.ts'

const approved = (way = 'reversal') => {
  const pay = brought.completed()
  pay.send(refund({ way }))
  pay.send(approveRefund())
  return pay
}
const awaiting = () => approved().answer('requestReturn', TAKEN)
const uncertain = () => approved().answer('requestReturn', UNCERTAIN)

describe('a refund', () => {
  it('F1: needs two people, and does nothing until the second agrees', () => {
    const pay = brought.completed()
    expect(pay.send(approveRefund())).toBe(false)
    pay.send(refund())
    expect([pay.state, pay.calls.size]).toEqual(['completed', 0])
    expect(pay.facts).toMatchObject([{ type: 'payment.refundRequested', requestedBy: 'key:one', amount: 2_000, way: 'reversal' }])
    expect(pay.send(refund())).toBe(false)
    expect(pay.send(approveRefund('key:one'))).toBe(false)
    expect(pay.send(approveRefund('key:two'))).toBe(true)
    expect(pay.state).toBe('refunding.requesting')
    expect(pay.facts).toMatchObject([{ type: 'payment.refundApproved', approvedBy: 'key:two' }])
    expect(pay.calls.get('requestReturn')).toEqual({ way: 'reversal', request: 1, receipt: 'NLJ7RT61SV', phone: '254708374149', amount: 2_000, currency: 'KES', reason: 'paid twice' })
  })

  it('may be refused, and asked for again', () => {
    const pay = brought.completed()
    pay.send(refund())
    pay.send({ type: 'payment.refuseRefund', by: 'key:two', reason: 'no ground' })
    expect(pay.facts).toMatchObject([{ type: 'payment.refundRefused', refusedBy: 'key:two' }])
    expect(pay.send(approveRefund())).toBe(false)
    expect(pay.send(refund())).toBe(true)
  })

  it.each(['0', 'R000001'])('is done by result %s, and says so once', (resultCode) => {
    const pay = awaiting()
    pay.send(returnResult({ resultCode, receipt: 'SKR9' }))
    expect(pay.state).toBe('refunded')
    expect(pay.facts).toMatchObject([{ type: 'payment.reversed', purpose: { kind: 'hotspot' }, wasCredited: true, amount: 2_000, receipt: 'NLJ7RT61SV', returnReceipt: 'SKR9', reason: 'paid twice' }])
    pay.send(returnResult())
    expect([pay.state, pay.facts, pay.timers.size + pay.calls.size]).toEqual(['refunded', [], 0])
    expect(pay.send(refund())).toBe(false)
  })

  it('by a payout is a refund, needs the phone and ten shillings', () => {
    const pay = approved('b2c')
    pay.answer('requestReturn', TAKEN)
    pay.send(returnResult({ charge: 500 }))
    expect(pay.facts).toMatchObject([{ type: 'payment.refunded', way: 'b2c', charge: 500 }])
    expect(new Play(paymentMachine, C2B_INPUT).send(refund({ way: 'b2c' }))).toBe(false)
    expect(new Play(paymentMachine, { ...C2B_INPUT, phone: '254708374149', amount: 900 }).send(refund({ way: 'b2c' }))).toBe(false)
  })

  it('by reversal needs the receipt', () => {
    const pay = brought.querying().answer('queryPayment', { outcome: 'answered', resultCode: '0', resultDesc: 'ok' })
    expect(pay.send(refund())).toBe(false)
    pay.send(callback())
    expect(pay.send(refund())).toBe(true)
  })

  it('F4: whose amount turns out to be another before the second key is asked for anew', () => {
    const pay = brought.querying().answer('queryPayment', { outcome: 'answered', resultCode: '0', resultDesc: 'ok' })
    pay.send(refund({ way: 'b2c' }))
    expect(pay.context.refund).toMatchObject({ amount: 2_000, original: null })
    // Credited by its query; only now are we told that half of it came.
    pay.send(callback({ amount: 1_000 }))
    expect(pay.send(approveRefund())).toBe(false)
    pay.send({ type: 'payment.refuseRefund', by: 'key:two', reason: 'only half of it came' })
    pay.send(refund({ way: 'b2c' }))
    expect([pay.context.refund?.amount, pay.send(approveRefund())]).toEqual([1_000, true])
  })

  it('that certainly failed leaves the credit, and may be asked for again', () => {
    const pay = awaiting()
    pay.send(returnResult({ resultCode: '11', resultDesc: 'DebitParty in an invalid state' }))
    expect(pay.state).toBe('refundFailed')
    expect(pay.facts).toMatchObject([{ type: 'payment.refundFailed', code: '11', amount: 2_000 }])
    pay.send(refund())
    pay.send(approveRefund())
    expect(pay.calls.get('requestReturn')).toMatchObject({ request: 2 })
  })

  it('F3: a late success after a failure counts', () => {
    const pay = awaiting()
    pay.send(returnResult({ resultCode: '11' }))
    pay.send(returnResult())
    expect([pay.state, pay.facts[0]?.type]).toEqual(['refunded', 'payment.reversed'])
  })

  it('is asked for again after a certain refusal, a few times', () => {
    const pay = approved()
    for (let attempt = 1; attempt < 3; attempt++) {
      pay.answer('requestReturn', refused(10_000))
      expect(pay.elapse('returnRetryGap')).toBe(10_000)
    }
    pay.answer('requestReturn', refused(10_000))
    expect(pay.state).toBe('refundFailed')
    expect(approved().answer('requestReturn', refused(null, 'initiator-missing')).state).toBe('refundFailed')
  })

  it.each([
    ['an uncertain answer', uncertain],
    ['an error', () => approved().breakDown('requestReturn', { name: 'Error', message: 'time is over' })],
    ['a word that the queue gave up', () => {
      const pay = awaiting()
      pay.send({ type: 'payment.returnTimedOut', about: 'return' })
      return pay
    }],
    ['silence', () => {
      const pay = awaiting()
      pay.elapse('resultWindow')
      return pay
    }],
    ['a code that nobody knows', () => {
      const pay = awaiting()
      pay.send(returnResult({ resultCode: '99999' }))
      return pay
    }],
  ])('F2: after %s nothing is sent again', (_name, bring) => {
    const pay = bring()
    expect([pay.state, pay.calls.size]).toEqual(['refunding.uncertain', 0])
    expect(pay.history).not.toContain('payment.refundFailed')
  })

  it('F2: a status query decides', () => {
    for (const [transactionStatus, state] of [['Completed', 'refunded'], ['Failed', 'refundFailed'], ['Pending', 'refunding.uncertain']] as const) {
      const pay = awaiting()
      pay.elapse('resultWindow')
      expect(pay.elapse('checkGap')).toBe(CHECK_GAPS_MS[0])
      expect(pay.calls.get('askReturnStatus')).toEqual({ way: 'reversal', request: 1, originatorConversationId: 'oc-1' })
      pay.answer('askReturnStatus', { outcome: 'asked' })
      pay.send(returnResult({ about: 'status', transactionStatus, originatorConversationId: 'oc-9', conversationId: 'AG_9' }))
      expect(pay.state).toBe(state)
    }
  })

  it('F2: asks with growing gaps, and then leaves it to a person, who is not the one who asked for it', () => {
    const pay = awaiting()
    pay.elapse('resultWindow')
    const gaps: number[] = []
    while (pay.timers.size > 0) {
      gaps.push(pay.elapse('checkGap'))
      if (pay.state === 'refunding.checking') pay.answer('askReturnStatus', { outcome: 'asked' })
      else break
    }
    expect(gaps.slice(0, CHECK_GAPS_MS.length)).toEqual(CHECK_GAPS_MS)
    expect(pay.state).toBe('refunding.uncertain')
    const settle = (by: string) => pay.send({ type: 'payment.settleRefund', by, reason: 'in the statement', returned: true, receipt: 'SKR9' })
    expect(settle('key:one')).toBe(false)
    expect(settle('key:three')).toBe(true)
    expect(pay.state).toBe('refunded')
  })

  it('cannot ask about a reversal whose own number never came', () => {
    const pay = uncertain()
    pay.elapse('checkGap')
    expect([pay.state, pay.calls.size]).toEqual(['refunding.uncertain', 0])
    pay.send({ type: 'payment.settleRefund', by: 'key:two', reason: 'not in the statement', returned: false })
    expect(pay.state).toBe('refundFailed')
  })

  it('that overtakes the answer of its request is believed', () => {
    const pay = approved()
    pay.send(returnResult())
    expect([pay.state, pay.calls.size]).toEqual(['refunded', 0])
  })

  it('knows results of others', () => {
    const pay = awaiting()
    expect(pay.send(returnResult({ originatorConversationId: 'x', conversationId: 'y' }))).toBe(false)
    expect(brought.completed().send(returnResult())).toBe(false)
  })

  it('may take back money that nobody knew the purpose of, and money under review', () => {
    const unmatched = new Play(paymentMachine, UNMATCHED_INPUT)
    expect(unmatched.send(refund())).toBe(true)
    unmatched.send(approveRefund())
    unmatched.answer('requestReturn', TAKEN).send(returnResult())
    expect(unmatched.facts).toMatchObject([{ type: 'payment.reversed', wasCredited: false }])
    const wrong = brought.awaiting()
    wrong.send(callback({ amount: 500 }))
    wrong.send(refund())
    expect(wrong.facts).toMatchObject([{ type: 'payment.refundRequested', amount: 500 }])
    const used = brought.awaiting()
    used.send(callback({ receiptUsedBy: 'pay_2' }))
    expect(used.send(refund())).toBe(false)
    expect(brought.review().send(refund())).toBe(false)
  })
})
