import type { HeldMoney } from '../../../machines/payment/context.ts'
import { paymentMachine } from '../../../machines/payment/machine.ts'
import type { PaymentInput } from '../../../machines/payment/events.ts'
import { Play, type Message } from './play.ts'

export const HOUR_PACKAGE = { id: 'hour', name: '1 hour', durationSeconds: 3_600, dataBytes: null, uploadKbps: 2_000, downloadKbps: 5_000, devices: 1 }

export const PHONE = '254708374149'

export const INPUT: PaymentInput = {
  method: 'stk',
  purpose: { kind: 'hotspot' },
  received: null,
  phone: PHONE,
  package: HOUR_PACKAGE,
  amount: 2_000,
  currency: 'KES',
  macAddress: 'AA:BB:CC:DD:EE:FF',
  clientHash: null,
}

export const CHECKOUT = 'ws_CO_191220191020363925'

export const ACCEPTED = { outcome: 'accepted', checkoutRequestId: CHECKOUT, merchantRequestId: '29115-34620561-1' }
export const UNCERTAIN = { outcome: 'uncertain', code: 'timeout', detail: 'no answer within 15000 ms' }
export const refused = (retryAfterMs: number | null, code = 'rate-limited') => ({ outcome: 'refused', code, detail: 'spike arrest', retryAfterMs })

export function callback(fields: Record<string, unknown> = {}): Message {
  return {
    type: 'payment.callback',
    checkoutRequestId: CHECKOUT,
    merchantRequestId: '29115-34620561-1',
    resultCode: '0',
    resultDesc: 'The service request is processed successfully.',
    amount: 2_000,
    receipt: 'NLJ7RT61SV',
    phone: '254708374149',
    ...fields,
  }
}

export function failure(resultCode: string, resultDesc = 'failed'): Message {
  return { type: 'payment.callback', checkoutRequestId: CHECKOUT, resultCode, resultDesc }
}

export const newPay = () => new Play(paymentMachine, INPUT)

/** A payment brought to a state by the shortest natural way. */
export const brought = {
  prompting: newPay,
  deferred: () => newPay().answer('promptPayer', refused(10_000)),
  uncertain: () => newPay().answer('promptPayer', UNCERTAIN),
  awaiting: () => newPay().answer('promptPayer', ACCEPTED),
  querying: () => {
    const pay = brought.awaiting()
    pay.elapse('queryGap')
    return pay
  },
  completed: () => {
    const pay = brought.awaiting()
    pay.send(callback(), 20_000)
    return pay
  },
  failed: () => {
    const pay = brought.awaiting()
    pay.send(failure('1032'), 20_000)
    return pay
  },
  cancelled: () => {
    const pay = brought.awaiting()
    pay.send({ type: 'payment.cancel' }, 20_000)
    return pay
  },
  review: () => {
    const pay = brought.awaiting()
    pay.send(failure('15'), 20_000)
    return pay
  },
}

/** What a callback tells of money that comes a second time. */
export const SECOND_MONEY: HeldMoney = { receipt: 'NLJ7RT61SW', amount: 2_000, source: 'callback', phone: PHONE, transactionDate: null }

/** Money that came by itself. */
export const RECEIVED: NonNullable<PaymentInput['received']> = {
  receipt: 'NLJ7RT61SV',
  source: 'c2b',
  transactionDate: '2026-01-01T00:00:00Z',
  accountReference: '12345674',
  payer: { hash: null, masked: '2547*****149', name: 'JANE' },
  doubt: null,
  besides: null,
  shortcode: null,
}
export const UNMATCHED_INPUT: PaymentInput = { ...INPUT, method: 'c2b', purpose: { kind: 'unmatched' }, phone: null, package: null, macAddress: null, received: { ...RECEIVED, doubt: 'account-unknown' } }
/** That came beside what had paid. */
export const PARTED_INPUT: PaymentInput = { ...UNMATCHED_INPUT, received: { ...RECEIVED, source: 'callback', doubt: 'paid-twice', besides: 'pay_1' } }
/** Told to us, and paid to somebody else. */
export const FOREIGN_INPUT: PaymentInput = { ...UNMATCHED_INPUT, received: { ...RECEIVED, doubt: 'foreign-shortcode', shortcode: '999999' } }
export const CASH_INPUT: PaymentInput = { ...INPUT, method: 'cash', purpose: { kind: 'subscription', subscriptionId: 'sub_1' }, phone: null, package: null, macAddress: null }
export const C2B_INPUT: PaymentInput = { ...UNMATCHED_INPUT, purpose: { kind: 'subscription', subscriptionId: 'sub_1' }, received: RECEIVED }

export const TAKEN = { outcome: 'accepted', originatorConversationId: 'oc-1', conversationId: 'AG_1' }
export const returnResult = (fields: Record<string, unknown> = {}): Message => ({ type: 'payment.returnResult', about: 'return', resultCode: '0', resultDesc: 'ok', originatorConversationId: 'oc-1', conversationId: 'AG_1', ...fields })
export const refund = (fields: Record<string, unknown> = {}): Message => ({ type: 'payment.refund', reason: 'paid twice', by: 'key:one', way: 'reversal', ...fields })
export const approveRefund = (by = 'key:two'): Message => ({ type: 'payment.approveRefund', by })

export type PayState = keyof typeof brought
export const PAY_STATES = Object.keys(brought) as PayState[]
