/** What a step has changed of the money that a payment holds (machines/payment/held.ts); the same for the ledger and for the receipts. */
import type { HeldMoney, PaymentContext } from '../../machines/payment/context.ts'
import type { Change } from '../../runtime/index.ts'

export interface HeldChange {
  added: HeldMoney[]
  /** A person found that it never came. */
  denied: HeldMoney[]
}

export function heldChange({ context, previousContext, facts }: Pick<Change, 'context' | 'previousContext' | 'facts'>): HeldChange {
  const [before, after] = [heldIn(previousContext), heldIn(context)]
  const added = without(after, before)
  // What is credited leaves the record, too; and so does the oldest when there is too much (R9).
  const isDenial = added.length === 0 && !facts.some(({ type }) => type === 'payment.completed')
  return { added, denied: isDenial ? without(before, after) : [] }
}

export function heldIn(context: unknown): readonly HeldMoney[] {
  return (context as PaymentContext | undefined)?.held ?? []
}

function without(all: readonly HeldMoney[], some: readonly HeldMoney[]): HeldMoney[] {
  return all.filter(({ receipt }) => !some.some((one) => one.receipt === receipt))
}
