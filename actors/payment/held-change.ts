/** What a step has changed of the money that a payment holds (machines/payment/held.ts); the same for the ledger and for the receipts. */
import type { HeldMoney, PaymentContext } from '../../machines/payment/context.ts'
import type { Change } from '../../runtime/index.ts'

export interface HeldChange {
  added: HeldMoney[]
  /** A person found that it never came. */
  denied: HeldMoney[]
  /** It is a payment of its own now. */
  parted: HeldMoney[]
  /** Another amount came than was told at first: by how much more. */
  amended: (HeldMoney & { difference: number })[]
}

export function heldChange({ context, previousContext, facts }: Pick<Change, 'context' | 'previousContext' | 'facts'>): HeldChange {
  const [before, after] = [heldIn(previousContext), heldIn(context)]
  const told = facts.filter(({ type }) => type === 'payment.duplicateReceived').map(({ data }) => (data as { receipt?: unknown }).receipt)
  const [parted, rest] = partition(without(before, after), ({ receipt }) => told.includes(receipt))
  // What is credited leaves the record, too.
  const isCredit = facts.some(({ type }) => type === 'payment.completed')
  return { added: without(after, before), denied: isCredit ? [] : rest, parted, amended: amended(before, after) }
}

function partition(all: readonly HeldMoney[], isFirst: (money: HeldMoney) => boolean): [HeldMoney[], HeldMoney[]] {
  return [all.filter(isFirst), all.filter((money) => !isFirst(money))]
}

function amended(before: readonly HeldMoney[], after: readonly HeldMoney[]): HeldChange['amended'] {
  return after.flatMap((money) => {
    const was = before.find(({ receipt }) => receipt === money.receipt)?.amount ?? money.amount
    return was === money.amount ? [] : [{ ...money, difference: money.amount - was }]
  })
}

export function heldIn(context: unknown): readonly HeldMoney[] {
  return (context as PaymentContext | undefined)?.held ?? []
}

function without(all: readonly HeldMoney[], some: readonly HeldMoney[]): HeldMoney[] {
  return all.filter(({ receipt }) => !some.some((one) => one.receipt === receipt))
}
