/**
 * Tables kept in step with payments, in the commit of each step (R1).
 *
 *   business.open_prompts      {tenant, phone, payment_id, opened_at}, primary key (tenant, phone): at most one
 *                              prompt can stand on a phone, so a second payment cannot commit its first step.
 *   business.payment_receipts  {tenant, receipt, payment_id, amount, currency, paid_at, credited}, primary key
 *                              (tenant, receipt): the money of one receipt is one payment's. It has credited that
 *                              payment, or is held by it; what comes a second time is a payment of its own.
 */
import type { PaymentContext } from '../../machines/payment/context.ts'
import { QUERIES_WHILE_PROMPT_OPEN } from '../../machines/payment/timing.ts'
import type { Contest, Projection } from '../../runtime/index.ts'
import { heldChange } from './held-change.ts'

const STATES_WITH_PROMPT: ReadonlySet<string> = new Set(['prompting', 'deferred', 'uncertain', 'awaiting', 'querying'])

function hasOpenPrompt(states: readonly string[], context: PaymentContext): boolean {
  return states.some((state) => STATES_WITH_PROMPT.has(state)) && context.queries < QUERIES_WHILE_PROMPT_OPEN
}

export const openPrompts: Projection = ({ address, at, states, previousStates, context, previousContext }) => {
  const payment = context as PaymentContext
  const isOpen = hasOpenPrompt(states, payment)
  const wasOpen = previousStates.length > 0 && hasOpenPrompt(previousStates, previousContext as PaymentContext)
  if (isOpen === wasOpen || payment.phone === null) return []
  const key = { tenant: address.tenant, phone: payment.phone, payment_id: address.id }
  return [{ table: 'business.open_prompts', key, rows: isOpen ? [{ ...key, opened_at: new Date(at).toISOString() }] : [] }]
}

export const paymentReceipts: Projection = (change) => {
  const { address, at, context, previousContext } = change
  const payment = context as PaymentContext
  const { added, denied, parted, amended } = heldChange(change)
  const [was, is] = [receiptsOf(previousContext as PaymentContext | undefined), receiptsOf(payment)]
  const changed = [...is].filter(([receipt, credited]) => was.get(receipt) !== credited || amended.some((money) => money.receipt === receipt))
  const table = 'business.payment_receipts'
  const keyOf = (receipt: string) => ({ tenant: address.tenant, payment_id: address.id, receipt })
  return [
    ...[...denied, ...parted].map(({ receipt }) => ({ table, key: keyOf(receipt), rows: [] })),
    ...changed.map(([receipt, credited]) => {
      const amount = [...added, ...amended].find((money) => money.receipt === receipt)?.amount ?? payment.amount
      const paidAt = new Date(credited ? (payment.completedAt ?? at) : at).toISOString()
      return { table, key: keyOf(receipt), rows: [{ ...keyOf(receipt), amount, currency: payment.currency, paid_at: paidAt, credited }] }
    }),
  ]
}

/** Two payments are told of one receipt at once: the second hears whose it is, as it would had it been told a moment later (P3). */
export const receiptContest: Contest = {
  key: ({ receipt }, { tenant }) => (typeof receipt === 'string' ? { tenant, receipt: receipt.trim().toUpperCase() } : undefined),
  instead: (event, { payment_id: usedBy }, { id }) => (event['receiptUsedBy'] !== undefined || typeof usedBy !== 'string' || usedBy === id ? undefined : { ...event, receiptUsedBy: usedBy }),
}

/** The receipts whose money is this payment's, and whether it has credited it. Held money is in the books whatever it turns out to be for. */
function receiptsOf(payment: PaymentContext | undefined): Map<string, boolean> {
  if (payment === undefined) return new Map()
  const { receipt, completedAt, held } = payment
  const uncredited = held.map((money) => [money.receipt, false] as const)
  return new Map([...uncredited, ...(receipt !== null && completedAt !== null ? [[receipt, true] as const] : [])])
}
