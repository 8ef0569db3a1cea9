/** Views of payments and sessions, for the edge alone. */
import type { ActorView } from '../../runtime/index.ts'
import type { PaymentInput } from '../../machines/payment/events.ts'
import { newPayment, type PaymentContext } from '../../machines/payment/context.ts'
import { lampView } from './fake-runtime.ts'

const bought = { id: 'hour', name: 'One hour', durationSeconds: 3_600, dataBytes: null, uploadKbps: 2_048, downloadKbps: 5_120, devices: 1 }

export function paymentView(state: string, context: Partial<PaymentContext> = {}, change: Partial<ActorView> = {}): ActorView {
  const input: PaymentInput = { method: 'stk', purpose: { kind: 'hotspot' }, received: null, phone: '254708374149', package: bought, amount: 1_000, currency: 'KES', macAddress: null, clientHash: null }
  return lampView({ type: 'payment', id: 'pay_00000000', states: [state], value: state, seq: 2, context: { ...newPayment(input), requestedAt: Date.now(), ...context }, accepts: [], ...change })
}

export function sessionView(change: Partial<ActorView> = {}): ActorView {
  return lampView({ type: 'hotspot-session', id: 'pay_00000000', states: ['ready'], value: 'ready', context: { credentialVersion: 3 }, accepts: ['session.revealCredentials'], ...change })
}
