/** Everything a caller may say to find a payment. */
import type { PaymentContext } from '../../machines/payment/context.ts'
import type { Change, Identifier } from '../../runtime/index.ts'
import { accountReferenceOf } from './account-reference.ts'

/** `checkoutRequestId` is also how callbacks find their payment. */
export function paymentIdentifiers({ address, context }: Change): Identifier[] {
  const { phone, macAddress, checkoutRequestId, receipt, otherReceipts, review } = context as PaymentContext
  const receipts = new Set([receipt, review?.receipt, ...otherReceipts].filter((value) => value != null).map((value) => value.toUpperCase()))
  return [
    { kind: 'phone', value: phone },
    { kind: 'account', value: accountReferenceOf(address) },
    ...(macAddress === null ? [] : [{ kind: 'mac', value: macAddress }]),
    ...(checkoutRequestId === null ? [] : [{ kind: 'checkoutRequestId', value: checkoutRequestId }]),
    ...[...receipts].map((value) => ({ kind: 'receipt', value })),
  ]
}
