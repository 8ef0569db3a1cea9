import { paymentEvents, paymentInput } from '../../machines/payment/events.ts'
import { paymentMachine } from '../../machines/payment/machine.ts'
import { paymentWords } from '../../machines/payment/words.ts'
import type { ActorDefinition } from '../../runtime/index.ts'
import { reactions } from '../reactions.ts'
import { promptPayer, queryPayment, type PaymentCalls } from './effects.ts'
import { paymentIdentifiers } from './identifiers.ts'
import { paymentLedger } from './ledger.ts'
import { openPrompts, paymentReceipts } from './projections.ts'

export function definePayment(calls: PaymentCalls): ActorDefinition {
  return {
    type: 'payment',
    version: '1',
    idPrefix: 'pay',
    machine: paymentMachine,
    input: paymentInput,
    events: paymentEvents,
    effects: { promptPayer: promptPayer(calls), queryPayment: queryPayment(calls) },
    reactions: reactions.payment,
    projections: { openPrompts, paymentReceipts, paymentLedger },
    identifiers: paymentIdentifiers,
    words: paymentWords,
    personal: ['phone', 'macAddress', 'clientHash', 'review.expected', 'review.received', 'mismatch.expected', 'mismatch.received'],
  }
}
