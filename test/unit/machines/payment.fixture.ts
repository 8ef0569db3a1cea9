import { paymentMachine } from '../../../machines/payment/machine.ts'
import type { PaymentInput } from '../../../machines/payment/events.ts'
import { Play, type Message } from './play.ts'

export const HOUR_PACKAGE = { id: 'hour', name: '1 hour', durationSeconds: 3_600, dataBytes: null, uploadKbps: 2_000, downloadKbps: 5_000, devices: 1 }

export const INPUT: PaymentInput = {
  phone: '254708374149',
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

export type PayState = keyof typeof brought
export const PAY_STATES = Object.keys(brought) as PayState[]
