import { paymentEvents, paymentInput } from '../../machines/payment/events.ts'
import { paymentMachine } from '../../machines/payment/machine.ts'
import { paymentWords } from '../../machines/payment/words.ts'
import type { ActorDefinition } from '../../runtime/index.ts'
import { reactions } from '../reactions.ts'
import { askReturnStatus, promptPayer, queryPayment, requestReturn, type PaymentCalls } from './effects.ts'
import { paymentIdentifiers } from './identifiers.ts'
import { paymentLedger } from './ledger.ts'
import { paymentMigrations } from './migrations.ts'
import { startParted } from './parted-money.ts'
import { openPrompts, paymentReceipts, receiptContest } from './projections.ts'
import type { ReceiptIds } from './received-money.ts'

export function definePayment({ receiptIds, ...calls }: PaymentCalls & { receiptIds: ReceiptIds }): ActorDefinition {
  return {
    type: 'payment',
    version: '4',
    idPrefix: 'pay',
    machine: paymentMachine,
    input: paymentInput,
    events: paymentEvents,
    effects: { promptPayer: promptPayer(calls), queryPayment: queryPayment(calls), requestReturn: requestReturn(calls), askReturnStatus: askReturnStatus(calls) },
    reactions: { ...reactions.payment, 'payment.duplicateReceived': startParted(receiptIds) },
    projections: { openPrompts, paymentReceipts, paymentLedger },
    contests: { 'business.payment_receipts': receiptContest },
    identifiers: paymentIdentifiers,
    migrations: paymentMigrations,
    words: paymentWords,
    personal: ['phone', 'macAddress', 'clientHash', 'received.payer', 'held.phone', 'received.accountReference', 'review.expected', 'review.received', 'mismatch.expected', 'mismatch.received'],
  }
}
