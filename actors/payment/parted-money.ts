/** Money that came a second time for one purchase becomes a payment of its own (machines/payment/held.ts, H3). */
import type { HeldMoney, PaymentFact } from '../../machines/payment/context.ts'
import { isFullPhone, MASKED_MAX, type PaymentInput } from '../../machines/payment/events.ts'
import type { Address, Json, Reaction } from '../../runtime/index.ts'
import { accountReferenceOf } from './account-reference.ts'
import type { ReceiptIds } from './received-money.ts'

type Duplicate = Extract<PaymentFact, { type: 'payment.duplicateReceived' }>

/** The id follows from the receipt, as that of all money that comes by itself: whoever tells of it as well makes no second payment. */
export function startParted(idOf: ReceiptIds): Reaction {
  return ({ address, data }) => {
    const { money } = data as unknown as Duplicate
    if (money === null) return []
    return [{ kind: 'start', to: { tenant: address.tenant, type: 'payment', id: idOf(address.tenant, money.receipt) }, input: inputOf(address, money) as unknown as Json }]
  }
}

/** What it is for, a person says. */
function inputOf(paid: Address, { receipt, amount, currency, source, phone, transactionDate }: HeldMoney & { currency: string }): PaymentInput {
  const isKnown = phone !== null && isFullPhone(phone)
  return {
    method: 'c2b',
    purpose: { kind: 'unmatched' },
    phone: isKnown ? phone : null,
    package: null,
    received: {
      receipt,
      source,
      transactionDate,
      accountReference: accountReferenceOf(paid),
      payer: { hash: null, masked: isKnown ? null : (phone?.slice(0, MASKED_MAX) ?? null), name: null },
      doubt: 'paid-twice',
      besides: paid.id,
      shortcode: null,
    },
    amount,
    currency,
    macAddress: null,
    clientHash: null,
  }
}
