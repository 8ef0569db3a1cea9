/** Money that came and has credited nobody yet (machines/payment/held.ts), and what must wait while a refund of it waits (F4). */
import { describe, expect, it } from 'vitest'
import { paymentLedger } from '../../../actors/payment/ledger.ts'
import { paymentMachine } from '../../../machines/payment/machine.ts'
import { change } from '../actors/change.ts'
import { approveRefund, brought, callback, CASH_INPUT, FOREIGN_INPUT, PARTED_INPUT, refund, returnResult, SECOND_MONEY, TAKEN, UNMATCHED_INPUT } from './payment.fixture.ts'
import { Play, type Message } from './play.ts'

type Pay = Play<typeof paymentMachine>

const RECEIPT = 'NLJ7RT61SV'

/** Says things to a payment, and gives what its ledger posts of the last of them, by account. */
function books(pay: Pay, ...messages: Message[]): Record<string, number> {
  let posted: Record<string, number> = {}
  for (const message of messages) {
    const [previousContext, previousStates] = [pay.context, [pay.state]]
    expect(pay.send(message), message.type).toBe(true)
    const facts = pay.facts.map(({ type, ...data }) => ({ key: 'k', address: { tenant: 'main', type: 'payment', id: 'pay_1' }, seq: 1, type, data, at: 0, correlationId: 'c', causationId: 'c' }))
    const rows = paymentLedger(change({ states: [pay.state], context: pay.context, previousStates, previousContext, facts: facts })).flatMap((set) => set.rows)
    posted = {}
    for (const { account, amount_minor: amount } of rows) posted[String(account)] = (posted[String(account)] ?? 0) + Number(amount)
  }
  return posted
}

const approve = (fields: object = {}): Message => ({ type: 'payment.approve', reason: 'seen', ...fields })
const reject = (fields: object = {}): Message => ({ type: 'payment.reject', reason: 'not for this', ...fields })
const assign: Message = { type: 'payment.assign', reason: 'it is his', subscriptionId: 'sub_1' }
const withdraw: Message = { type: 'payment.refuseRefund', by: 'key:one', reason: 'withdrawn' }

describe('money of another amount', () => {
  const reviewed = () => {
    const pay = brought.awaiting()
    expect(books(pay, callback({ amount: 500 }))).toEqual({ mpesa: 500, unmatched: -500 })
    return pay
  }

  it('is in the books when it comes, and moved when it is credited', () => {
    const pay = reviewed()
    expect(pay.context.held).toEqual([{ ...SECOND_MONEY, receipt: RECEIPT, amount: 500 }])
    expect(books(pay, approve())).toEqual({ unmatched: 500, 'revenue:hotspot': -500 })
    expect(pay.context).toMatchObject({ held: [], receipt: RECEIPT, paidAmount: 500 })
  })

  it('goes back out of what it was booked as', () => {
    const pay = reviewed()
    expect(books(pay, refund(), approveRefund())).toEqual({ unmatched: 500, 'refunds:pending': -500 })
    pay.answer('requestReturn', TAKEN)
    expect(books(pay, returnResult())).toEqual({ 'refunds:pending': 500, mpesa: -500 })
  })

  it('stays in the books when it is rejected, and can be given back or credited after all', () => {
    const pay = reviewed()
    expect(books(pay, reject())).toEqual({})
    expect(books(pay, refund(), approveRefund())).toEqual({ unmatched: 500, 'refunds:pending': -500 })
    const other = reviewed()
    expect(books(other, reject(), approve({ receipt: RECEIPT }))).toEqual({ unmatched: 500, 'revenue:hotspot': -500 })
  })

  it('leaves the books when staff find that none came, and nothing can be given back', () => {
    const pay = reviewed()
    expect(books(pay, reject({ moneyCame: false }))).toEqual({ unmatched: 500, mpesa: -500 })
    expect(pay.send(refund())).toBe(false)
    expect(books(pay, callback({ amount: 500 }))).toEqual({})
  })

  it('is corrected when the same money is told as asked for', () => {
    expect(books(reviewed(), callback())).toEqual({ mpesa: 1_500, unmatched: 500, 'revenue:hotspot': -2_000 })
  })

  it('that was credited by a query corrects the books, and goes back as it came', () => {
    const pay = brought.querying().answer('queryPayment', { outcome: 'answered', resultCode: '0', resultDesc: 'ok' })
    expect(books(pay, callback({ amount: 1_500 }))).toEqual({ mpesa: -500, unmatched: 500 })
    expect(books(pay, refund(), approveRefund())).toEqual({ 'revenue:hotspot': 2_000, unmatched: -500, 'refunds:pending': -1_500 })
    pay.answer('requestReturn', TAKEN).send(returnResult())
    expect(pay.facts).toMatchObject([{ type: 'payment.reversed', amount: 1_500, credited: 2_000 }])
  })

  it.each([
    ['a receipt that is another payment\'s', { receiptUsedBy: 'pay_2' }],
    ['another currency', { amount: 500, currency: 'UGX' }],
    ['no amount', { amount: undefined }],
    ['no receipt', { amount: 500, receipt: undefined }],
  ])('is not held with %s', (_what, fields) => {
    const pay = brought.awaiting()
    expect(books(pay, JSON.parse(JSON.stringify(callback(fields))) as Message)).toEqual({})
    expect([pay.state, pay.context.held]).toEqual(['review', []])
  })
})

describe('further money (H3) is told, to become a payment of its own, and leaves these books', () => {
  const further = (fields: object = {}) => callback({ receipt: SECOND_MONEY.receipt, ...fields })
  const told = (money: object = {}) => [{ type: 'payment.duplicateReceived', receipt: SECOND_MONEY.receipt, money: { ...SECOND_MONEY, ...money, currency: 'KES' } }]
  const refunding = () => {
    const pay = brought.completed()
    for (const message of [refund(), approveRefund()]) pay.send(message)
    return pay
  }
  const refunded = () => {
    const pay = refunding()
    pay.answer('requestReturn', TAKEN).send(returnResult())
    return pay
  }
  const mismatched = () => {
    const pay = brought.awaiting()
    pay.send(callback({ amount: 500 }))
    return pay
  }

  it.each([
    ['completed', brought.completed, {}],
    ['completed', brought.completed, { amount: 700 }],
    ['refunding.requesting', refunding, {}],
    ['refunded', refunded, {}],
    ['review', mismatched, { amount: 700 }],
  ])('beside money that is %s', (state, bring, fields) => {
    const pay = bring()
    const held = pay.context.held
    expect(books(pay, further(fields))).toEqual({})
    expect([pay.state, pay.facts]).toMatchObject([state, told(fields)])
    expect(pay.context).toMatchObject({ held, parted: [SECOND_MONEY.receipt], otherReceipts: [] })
    expect([books(pay, further(fields)), pay.facts]).toEqual([{}, []])
  })

  it('when it came first, and what is credited came after it', () => {
    const pay = mismatched()
    expect(books(pay, further())).toEqual({ mpesa: 1_500, unmatched: 500, 'revenue:hotspot': -2_000 })
    expect(pay.facts).toMatchObject([{ type: 'payment.completed', receipt: SECOND_MONEY.receipt }, { type: 'payment.duplicateReceived', receipt: RECEIPT, amount: 500, money: { phone: '254708374149' } }])
    expect(pay.context).toMatchObject({ held: [], parted: [RECEIPT], receipt: SECOND_MONEY.receipt })
    expect([books(pay, callback({ amount: 500 })), pay.facts]).toEqual([{}, []])
  })

  it('when a person had rejected the first, and other money that does not fit comes', () => {
    const pay = mismatched()
    pay.send(reject())
    expect(books(pay, further({ amount: 700 }))).toEqual({ mpesa: 200, unmatched: -200 })
    expect([pay.state, pay.context.held, pay.context.parted]).toMatchObject(['review', [{ receipt: SECOND_MONEY.receipt }], [RECEIPT]])
    expect(pay.send(refund()) && pay.context.refund).toMatchObject({ amount: 700, original: SECOND_MONEY.receipt })
  })

  it.each([
    ['no amount', { amount: undefined }, null],
    ['another currency', { currency: 'UGX' }, 2_000],
  ])('once it is told with all that we must know, and not %s', (_what, fields, amount) => {
    const pay = brought.completed()
    const untold = JSON.parse(JSON.stringify(further(fields))) as Message
    expect(books(pay, untold)).toEqual({})
    expect(pay.facts).toEqual([{ type: 'payment.duplicateReceived', receipt: SECOND_MONEY.receipt, amount, money: null, at: pay.now }])
    expect([books(pay, untold), pay.facts]).toEqual([{}, []])
    expect([books(pay, further()), pay.facts]).toMatchObject([{}, told()])
    expect(pay.context).toMatchObject({ parted: [SECOND_MONEY.receipt], otherReceipts: [] })
  })

  it('that an older version has held, by whatever is said next, or when staff say so; all of it', () => {
    const stored = () => {
      const pay = brought.completed()
      pay.context.held = [SECOND_MONEY, { ...SECOND_MONEY, receipt: 'NLJ7RT61SX' }]
      return pay
    }
    const part: Message = { type: 'payment.part', reason: 'held since long ago' }
    for (const message of [callback(), part]) {
      const pay = stored()
      expect(books(pay, message)).toEqual({ unmatched: 4_000, mpesa: -4_000 })
      expect(pay.facts.map(({ receipt }) => receipt)).toEqual([SECOND_MONEY.receipt, 'NLJ7RT61SX'])
      expect(pay.send(part)).toBe(false)
    }
  })
})

describe('money that a callback told of, and that is a payment of its own', () => {
  const parted = () => new Play(paymentMachine, PARTED_INPUT)

  it('is assigned or given back; and rejected only where none came, as callbacks are unsigned', () => {
    expect(parted().facts).toMatchObject([{}, { type: 'payment.reviewNeeded', reason: 'paid-twice', words: { staff: expect.stringContaining('a second time') as unknown } }])
    expect(books(parted(), assign)).toEqual({ unmatched: 2_000, 'customer:sub_1': -2_000 })
    expect(books(parted(), refund(), approveRefund())).toEqual({ unmatched: 2_000, 'refunds:pending': -2_000 })
    expect(parted().send(reject())).toBe(false)
    expect(new Play(paymentMachine, UNMATCHED_INPUT).send(reject({ moneyCame: false }))).toBe(false)
    const pay = parted()
    expect(books(pay, reject({ moneyCame: false }))).toEqual({ unmatched: 2_000, mpesa: -2_000 })
    expect(pay.state).toBe('failed')
    // Found after all.
    expect(books(pay, assign)).toEqual({ mpesa: 2_000, 'customer:sub_1': -2_000 })
  })

  it('did come when the paybill or the list tells of it, too', () => {
    const pay = parted()
    expect(books(pay, { type: 'payment.confirmReceived', source: 'c2b' })).toEqual({})
    expect(pay.context.received).toMatchObject({ source: 'c2b', besides: 'pay_1' })
    expect(pay.send(reject({ moneyCame: false }))).toBe(false)
    expect(pay.send({ type: 'payment.confirmReceived', source: 'pull' })).toBe(false)
  })

  const confirm = (fields: object = {}): Message => ({ type: 'payment.confirmReceived', source: 'c2b', receipt: RECEIPT, amount: 2_000, ...fields })
  const mismatch = { reason: 'amount-mismatch', expected: 2_000, received: 500, receipt: RECEIPT }

  it('is as much as the paybill says, whatever the callback has said (H4)', () => {
    const pay = parted()
    expect(books(pay, confirm({ amount: 500 }))).toEqual({ unmatched: 1_500, mpesa: -1_500 })
    expect(pay.facts).toMatchObject([{ type: 'payment.mismatchFound', ...mismatch }])
    expect(pay.context).toMatchObject({ amount: 500, held: [{ amount: 500 }], mismatch })
    expect(books(pay, assign)).toEqual({ unmatched: 500, 'customer:sub_1': -500 })
    expect(pay.facts.at(-1)).toMatchObject({ type: 'payment.completed', amount: 500 })
    const back = parted()
    back.send(confirm({ amount: 500 }))
    expect(books(back, refund(), approveRefund())).toEqual({ unmatched: 500, 'refunds:pending': -500 })
    // More is as well possible.
    expect(books(parted(), confirm({ amount: 5_000 }))).toEqual({ unmatched: -3_000, mpesa: 3_000 })
  })

  it('is not given back as was asked for before the paybill told of another amount (F4)', () => {
    const pay = parted()
    pay.send(refund())
    expect(books(pay, confirm({ amount: 500 }))).toEqual({ unmatched: 1_500, mpesa: -1_500 })
    expect(pay.send(approveRefund())).toBe(false)
    expect(books(pay, withdraw, refund(), approveRefund())).toEqual({ unmatched: 500, 'refunds:pending': -500 })
  })

  it('is credit of the subscription that the prompt was for, as if the paybill had been first; not while a refund waits', () => {
    const pay = parted()
    expect(books(pay, confirm({ subscriptionId: 'sub_1' }))).toEqual({ unmatched: 2_000, 'customer:sub_1': -2_000 })
    expect([pay.state, pay.context.confirmedBy]).toEqual(['completed', 'c2b'])
    expect(books(parted(), confirm({ subscriptionId: 'sub_1', amount: 500 }))).toEqual({ unmatched: 2_000, mpesa: -1_500, 'customer:sub_1': -500 })
    const waiting = parted()
    waiting.send(refund())
    expect(books(waiting, confirm({ subscriptionId: 'sub_1' }))).toEqual({})
    expect(waiting.state).toBe('review')
  })

  it('is back under review when a person has found that it never came, and was wrong; not where its receipt credits another by now', () => {
    const denied = () => {
      const pay = parted()
      pay.send(reject({ moneyCame: false }))
      return pay
    }
    const pay = denied()
    expect(books(pay, confirm({ amount: 500 }))).toEqual({ unmatched: -500, mpesa: 500 })
    expect(pay.facts).toMatchObject([{ type: 'payment.reviewNeeded', reason: 'paid-twice' }])
    expect(books(pay, assign)).toEqual({ unmatched: 500, 'customer:sub_1': -500 })
    const other = denied()
    expect(books(other, confirm({ receiptUsedBy: 'pay_2' }))).toEqual({})
    expect(other.state).toBe('failed')
  })

  it('has the difference in the books where somebody was credited with it before the paybill told', () => {
    const pay = parted()
    pay.send(assign)
    expect(books(pay, confirm({ amount: 500 }))).toEqual({ unmatched: 1_500, mpesa: -1_500 })
    expect(pay.facts).toMatchObject([{ type: 'payment.mismatchFound', ...mismatch, difference: -1_500 }])
    expect(pay.state).toBe('completed')
    expect(pay.send(confirm())).toBe(false)
    const same = parted()
    same.send(assign)
    expect([books(same, confirm()), same.facts]).toEqual([{}, []])
  })

  it('is not guessed onto the only subscription of its payer: a person says what it was for', () => {
    const pay = new Play(paymentMachine, { ...PARTED_INPUT, phone: null })
    expect(books(pay, { type: 'payment.namePayer', phone: '254708374149', subscriptionId: 'sub_1' })).toEqual({})
    expect([pay.state, pay.context.phone]).toEqual(['review', '254708374149'])
    const unknown = new Play(paymentMachine, UNMATCHED_INPUT)
    expect(unknown.send({ type: 'payment.namePayer', phone: '254708374149', subscriptionId: 'sub_1', receiptUsedBy: 'pay_2' })).toBe(true)
    expect([unknown.state, unknown.context.phone]).toEqual(['review', '254708374149'])
  })
})

describe('while a refund waits for the second person', () => {
  const refused = (pay: Pay, message: Message) => expect(pay.send(message), message.type).toBe(false)

  it('money without a purpose is not assigned; after it is withdrawn, it is', () => {
    const pay = new Play(paymentMachine, UNMATCHED_INPUT)
    pay.send(refund())
    refused(pay, assign)
    pay.send(withdraw)
    expect(books(pay, assign)).toEqual({ unmatched: 2_000, 'customer:sub_1': -2_000 })
    refused(pay, approveRefund())
  })

  it('nothing is decided of money under review', () => {
    const pay = brought.awaiting()
    pay.send(callback({ amount: 500 }))
    pay.send(refund())
    refused(pay, approve())
    refused(pay, reject())
    pay.send(withdraw)
    expect(pay.send(approve())).toBe(true)
  })

  it('a success that comes meanwhile counts, and the refund must be asked for anew', () => {
    const pay = brought.awaiting()
    pay.send(callback({ amount: 500 }))
    pay.send(refund())
    pay.send(callback({ receipt: 'NLJ7RT61SW' }))
    expect(pay.state).toBe('completed')
    refused(pay, approveRefund())
    refused(pay, refund())
    pay.send(withdraw)
    pay.send(refund())
    expect(pay.send(approveRefund())).toBe(true)
    expect(pay.calls.get('requestReturn')).toMatchObject({ receipt: 'NLJ7RT61SW', amount: 2_000 })
  })

  it('money that was assigned after the refund was asked for, before this rule, is not taken back by its approval', () => {
    const pay = new Play(paymentMachine, UNMATCHED_INPUT)
    pay.send(assign)
    pay.send(refund())
    pay.context.refund = { ...(pay.context.refund as NonNullable<typeof pay.context.refund>), wasCredited: false }
    refused(pay, approveRefund())
  })
})

describe('money for a shortcode that is none of ours', () => {
  it('is looked at by a person, and is in the books only when it is ours after all', () => {
    const pay = new Play(paymentMachine, FOREIGN_INPUT)
    expect([pay.state, pay.context.held]).toEqual(['review', []])
    expect(pay.facts).toMatchObject([{}, { type: 'payment.reviewNeeded', reason: 'foreign-shortcode', received: '999999' }])
    expect(pay.send(refund())).toBe(false)
    expect(books(pay, assign)).toEqual({ mpesa: 2_000, 'customer:sub_1': -2_000 })
    expect(pay.send(refund())).toBe(true)
  })

  it('is rejected otherwise, and credits nobody until a person finds that it is ours', () => {
    const pay = new Play(paymentMachine, FOREIGN_INPUT)
    expect(books(pay, reject())).toEqual({})
    expect(pay.state).toBe('failed')
    expect([pay.send(approve({ receipt: RECEIPT })), pay.send(refund())]).toEqual([false, false])
    expect(books(pay, assign)).toEqual({ mpesa: 2_000, 'customer:sub_1': -2_000 })
    expect(new Play(paymentMachine, UNMATCHED_INPUT).send(reject())).toBe(false)
  })
})

describe('cash', () => {
  const asked = () => {
    const pay = new Play(paymentMachine, CASH_INPUT)
    const { way: _way, ...plain } = refund() as Message & { way: string }
    expect([pay.send(refund({ way: 'reversal' })), pay.send(refund({ way: 'b2c' }))]).toEqual([false, false])
    expect(pay.send(plain)).toBe(true)
    return pay
  }

  it('goes back over the counter, out of the till; whoever handed it back says so', () => {
    const pay = asked()
    expect(books(pay, approveRefund())).toEqual({ 'customer:sub_1': 2_000, 'refunds:pending': -2_000 })
    expect([pay.state, pay.calls.size, pay.timers.size]).toEqual(['refunding.handing', 0, 0])
    expect(pay.send(returnResult())).toBe(false)
    const settle = (by: string, returned = true): Message => ({ type: 'payment.settleRefund', by, reason: 'handed over', returned })
    expect(pay.send(settle('key:one'))).toBe(false)
    expect(books(pay, settle('key:two'))).toEqual({ 'refunds:pending': 2_000, cash: -2_000 })
    expect(pay.facts).toMatchObject([{ type: 'payment.refunded', way: 'cash', credited: 2_000 }])
  })

  it('that was not fetched stays credited', () => {
    const pay = asked()
    expect(books(pay, approveRefund(), { type: 'payment.settleRefund', by: 'key:two', reason: 'did not come', returned: false })).toEqual({ 'refunds:pending': 2_000, 'customer:sub_1': -2_000 })
    expect(pay.state).toBe('refundFailed')
  })

  it('is no way back for money of M-Pesa; nor is a payout to a phone that did not pay', () => {
    expect(brought.completed().send(refund({ way: 'cash' }))).toBe(false)
    const pay = brought.awaiting()
    pay.send(callback({ phone: '254700000000' }))
    expect([pay.send(refund({ way: 'b2c' })), pay.send(refund())]).toEqual([false, true])
  })
})
