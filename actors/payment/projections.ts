/**
 * Tables kept in step with payments, in the commit of each step (R1).
 *
 *   business.open_prompts      {tenant, phone, payment_id, opened_at}, primary key (tenant, phone): at most one
 *                              prompt can stand on a phone, so a second payment cannot commit its first step.
 *   business.payment_receipts  {tenant, receipt, payment_id, amount, currency, paid_at}, primary key
 *                              (tenant, receipt): one receipt credits one payment, for ever.
 */
import type { PaymentContext } from '../../machines/payment/context.ts'
import { QUERIES_WHILE_PROMPT_OPEN } from '../../machines/payment/timing.ts'
import type { Projection } from '../../runtime/index.ts'

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

export const paymentReceipts: Projection = ({ address, context, previousContext }) => {
  const { receipt, amount, currency, completedAt, requestedAt, method } = context as PaymentContext
  const before = (previousContext as PaymentContext | undefined)?.receipt ?? null
  // Money that came by itself is here, whatever it turns out to be for; that of a prompt, once it is credited.
  const paidAt = completedAt ?? (method === 'c2b' ? requestedAt : null)
  if (receipt === null || paidAt === null || receipt === before) return []
  const key = { tenant: address.tenant, payment_id: address.id }
  return [{ table: 'business.payment_receipts', key, rows: [{ ...key, receipt, amount, currency, paid_at: new Date(paidAt).toISOString() }] }]
}
