/** Everything a caller may say to find a payment. */
import type { PaymentContext } from '../../machines/payment/context.ts'
import type { Change, Identifier } from '../../runtime/index.ts'
import { accountReferenceOf } from './account-reference.ts'

/**
 * `checkoutRequestId` is also how callbacks find their payment, and `account` how the paybill's confirmation of a prompted payment does.
 * `unknownPayer` is how the provider's list, which tells phones in full, finds what it can help with.
 */
export function paymentIdentifiers({ address, states, context }: Change): Identifier[] {
  const { method, phone, received, held, macAddress, checkoutRequestId, receipt, parted, otherReceipts, review, refund } = context as PaymentContext
  const receipts = new Set([receipt, review?.receipt, ...parted, ...otherReceipts, ...held.map((money) => money.receipt)].filter((value) => value != null).map((value) => value.toUpperCase()))
  return [
    ...(phone === null ? [] : [{ kind: 'phone', value: phone }]),
    ...(method === 'stk' ? [{ kind: 'account', value: accountReferenceOf(address) }] : []),
    ...(received?.accountReference == null ? [] : [{ kind: 'accountTyped', value: received.accountReference }]),
    ...(macAddress === null ? [] : [{ kind: 'mac', value: macAddress }]),
    ...(checkoutRequestId === null ? [] : [{ kind: 'checkoutRequestId', value: checkoutRequestId }]),
    ...[...receipts].map((value) => ({ kind: 'receipt', value })),
    ...(isOfUnknownPayer(states, context as PaymentContext) ? [{ kind: 'unknownPayer', value: unknownPayerOf(receipt ?? '') }] : []),
    ...[refund?.originatorConversationId, refund?.conversationId].filter((value) => value != null).map((value) => ({ kind: 'conversation', value })),
  ]
}

/** Not the receipt itself: whoever searches for that finds the payment once. */
export function unknownPayerOf(receipt: string): string {
  return `payer of ${receipt}`
}

/** Money under review that a masked number told of. */
export function isOfUnknownPayer(states: readonly string[], { purpose, phone, receipt, received }: PaymentContext): boolean {
  return states.includes('review') && purpose.kind === 'unmatched' && phone === null && receipt !== null && received?.doubt !== 'foreign-shortcode'
}
