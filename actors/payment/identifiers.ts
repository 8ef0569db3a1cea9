/** Everything a caller may say to find a payment. */
import type { PaymentContext } from '../../machines/payment/context.ts'
import type { Change, Identifier } from '../../runtime/index.ts'
import { accountReferenceOf } from './account-reference.ts'

/**
 * `checkoutRequestId` is also how callbacks find their payment, and `account` how the paybill's confirmation of a prompted payment does.
 * A parted receipt finds the payment that it has become, not this one.
 * `incomplete` is how the provider's list finds what it can help with: it tells phones in full, and of money that did come.
 */
export function paymentIdentifiers({ address, states, context }: Change): Identifier[] {
  const { method, phone, received, held, macAddress, checkoutRequestId, receipt, parted, otherReceipts, review, refund } = context as PaymentContext
  const receipts = new Set([receipt, review?.receipt, ...otherReceipts, ...held.map((money) => money.receipt)].filter((value) => value != null).filter((value) => !parted.includes(value)).map((value) => value.toUpperCase()))
  return [
    ...(phone === null ? [] : [{ kind: 'phone', value: phone }]),
    ...(method === 'stk' ? [{ kind: 'account', value: accountReferenceOf(address) }] : []),
    ...(received?.accountReference == null ? [] : [{ kind: 'accountTyped', value: received.accountReference }]),
    ...(macAddress === null ? [] : [{ kind: 'mac', value: macAddress }]),
    ...(checkoutRequestId === null ? [] : [{ kind: 'checkoutRequestId', value: checkoutRequestId }]),
    ...[...receipts].map((value) => ({ kind: 'receipt', value })),
    ...(isIncomplete(states, context as PaymentContext) ? [{ kind: 'incomplete', value: incompleteOf(receipt ?? '') }] : []),
    ...[refund?.originatorConversationId, refund?.conversationId].filter((value) => value != null).map((value) => ({ kind: 'conversation', value })),
  ]
}

/** Not the receipt itself: whoever searches for that finds the payment once. */
export function incompleteOf(receipt: string): string {
  return `more of ${receipt}`
}

/** Money under review that a masked number told of; or such as only a callback has told of, whatever was decided of it (H4). */
export function isIncomplete(states: readonly string[], { purpose, phone, receipt, received }: PaymentContext): boolean {
  if (receipt === null || received === null || received.doubt === 'foreign-shortcode') return false
  if (received.source === 'callback') return states.some((state) => CONFIRMABLE.has(state))
  return states.includes('review') && purpose.kind === 'unmatched' && phone === null
}

/** While it goes back, or has gone, what is told of it changes nothing. */
const CONFIRMABLE: ReadonlySet<string> = new Set(['review', 'failed', 'completed'])
