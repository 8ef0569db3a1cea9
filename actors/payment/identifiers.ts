/** Everything a caller may say to find a payment. */
import type { PaymentContext } from '../../machines/payment/context.ts'
import type { Change, Identifier } from '../../runtime/index.ts'
import { accountReferenceOf } from './account-reference.ts'

/**
 * `checkoutRequestId` is also how callbacks find their payment, and `account` how the paybill's confirmation of a prompted payment does.
 */
export function paymentIdentifiers({ address, context }: Change): Identifier[] {
  const { method, phone, received, held, macAddress, checkoutRequestId, receipt, parted, otherReceipts, review, refund } = context as PaymentContext
  const receipts = new Set([receipt, review?.receipt, ...parted, ...otherReceipts, ...held.map((money) => money.receipt)].filter((value) => value != null).map((value) => value.toUpperCase()))
  return [
    ...(phone === null ? [] : [{ kind: 'phone', value: phone }]),
    ...(method === 'stk' ? [{ kind: 'account', value: accountReferenceOf(address) }] : []),
    ...(received?.accountReference == null ? [] : [{ kind: 'accountTyped', value: received.accountReference }]),
    ...(macAddress === null ? [] : [{ kind: 'mac', value: macAddress }]),
    ...(checkoutRequestId === null ? [] : [{ kind: 'checkoutRequestId', value: checkoutRequestId }]),
    ...[...receipts].map((value) => ({ kind: 'receipt', value })),
    ...[refund?.originatorConversationId, refund?.conversationId].filter((value) => value != null).map((value) => ({ kind: 'conversation', value })),
  ]
}
