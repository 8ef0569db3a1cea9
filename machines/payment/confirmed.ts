/** H4: money that only a callback had told of, told again by who knows: the paybill or the provider's list. */
import type { PaymentContext } from './context.ts'
import type { PaymentEvent } from './events.ts'
import { creditedAmount, heldBy } from './held.ts'

type Confirmation = Extract<PaymentEvent, { type: 'payment.confirmReceived' }>
type Change = Partial<PaymentContext>

export function isToldByCallbackOnly({ received }: PaymentContext): boolean {
  return received?.source === 'callback'
}

/** A person found that it never came. */
export function isDenied(context: PaymentContext): boolean {
  return context.completedAt === null && heldBy(context, context.receipt) === null
}

export function isOtherAmount(context: PaymentContext, { amount }: Confirmation): boolean {
  return amount !== undefined && amount !== creditedAmount(context)
}

export function withConfirmed({ received }: PaymentContext, { source }: Confirmation): Change {
  return received === null ? {} : { received: { ...received, source } }
}

/** Before anybody was credited with it: as much as came is what there is to decide of. */
export function withConfirmedAmount(context: PaymentContext, confirmation: Confirmation, at: number): Change {
  const { amount = context.amount } = confirmation
  if (amount === context.amount) return {}
  const held = context.held.map((money) => (money.receipt === context.receipt ? { ...money, amount } : money))
  return { amount, held, mismatch: { ...otherAmount(context, amount), at } }
}

/** Once it is credited what was given stays given (P1), and the books say what came. */
export function withNotedAmount(context: PaymentContext, { amount = creditedAmount(context) }: Confirmation, at: number): Change {
  return { mismatch: { ...otherAmount(context, amount), difference: amount - creditedAmount(context), at } }
}

function otherAmount(context: PaymentContext, amount: number) {
  return { reason: 'amount-mismatch' as const, expected: creditedAmount(context), received: amount, receipt: context.receipt }
}
