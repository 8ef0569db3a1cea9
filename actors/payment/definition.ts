import { paymentEvents, paymentInput } from '../../machines/payment/events.ts'
import { paymentMachine } from '../../machines/payment/machine.ts'
import { paymentWords } from '../../machines/payment/words.ts'
import type { ActorDefinition } from '../../runtime/index.ts'
import { reactions } from '../reactions.ts'
import { askReturnStatus, promptPayer, queryPayment, requestReturn, type PaymentCalls } from './effects.ts'
import { paymentIdentifiers } from './identifiers.ts'
import { paymentLedger } from './ledger.ts'
import { paymentMigrations } from './migrations.ts'
import { openPrompts, paymentReceipts, receiptContest } from './projections.ts'

export function definePayment(calls: PaymentCalls): ActorDefinition {
  return {
    type: 'payment',
    version: '3',
    idPrefix: 'pay',
    machine: paymentMachine,
    input: paymentInput,
    events: paymentEvents,
    effects: { promptPayer: promptPayer(calls), queryPayment: queryPayment(calls), requestReturn: requestReturn(calls), askReturnStatus: askReturnStatus(calls) },
    reactions: reactions.payment,
    projections: { openPrompts, paymentReceipts, paymentLedger },
    contests: { 'business.payment_receipts': receiptContest },
    identifiers: paymentIdentifiers,
    migrations: paymentMigrations,
    words: paymentWords,
    personal: ['phone', 'macAddress', 'clientHash', 'received.payer', 'received.accountReference', 'review.expected', 'review.received', 'mismatch.expected', 'mismatch.received'],
  }
}
