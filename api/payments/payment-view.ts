/** What the payer sees of a payment. No phone, no state of machines: the id alone may have been overheard. */
import { fractionDigitsOf } from '../../actors/gateways/money.ts'
import type { PaymentContext } from '../../machines/payment/context.ts'
import type { ActorDefinition, ActorView } from '../../runtime/index.ts'
import { statePhrase } from '../search/phrase.ts'
import type { ClaimedPayment } from './claim.ts'

/** States in which M-Pesa has not decided yet. */
const PENDING: readonly string[] = ['prompting', 'deferred', 'uncertain', 'awaiting', 'querying']

export interface PaymentView {
  payment_id: string
  status: string
  amount: number
  amount_minor: number
  currency: string
  receipt?: string
  message: string
}

export function paymentContext(view: ActorView): PaymentContext {
  return view.context as PaymentContext
}

/** What whoever says to be the payer is held against. */
export function claimedPayment(view: ActorView): ClaimedPayment {
  const { clientHash, requestedAt } = paymentContext(view)
  return { id: view.id, clientHash, requestedAt }
}

/** M-Pesa took the prompt, or it is clear that it will not. */
export function isPrompted(view: ActorView): boolean {
  return paymentContext(view).checkoutRequestId !== null || view.status !== 'active' || !['prompting', 'deferred'].includes(statusOf(view))
}

/** Nothing more will happen without a person or the payer. */
export function isDecided(view: ActorView): boolean {
  return view.status !== 'active' || !PENDING.includes(statusOf(view))
}

export function isPaid(view: ActorView): boolean {
  return statusOf(view) === 'completed'
}

/** Access to show, with a login of its own. */
export function isPaidAccess(view: ActorView): boolean {
  return isPaid(view) && paymentContext(view).purpose.kind === 'hotspot'
}

export function paymentView(view: ActorView, definition: ActorDefinition | undefined): PaymentView {
  const { amount, currency, receipt, failure, review } = paymentContext(view)
  const status = statusOf(view)
  const reasons: Partial<Record<string, { words?: { customer: string } } | null>> = { failed: failure, cancelled: failure, review }
  const why = reasons[status]?.words?.customer
  return {
    payment_id: view.id,
    status,
    amount: majorUnits(amount, currency),
    amount_minor: amount,
    currency,
    ...(receipt === null || receipt === undefined ? {} : { receipt }),
    message: why ?? statePhrase(view, definition, 'customer') ?? '',
  }
}

/** The top-level state: one word that a front end can switch on. */
function statusOf(view: ActorView): string {
  return view.states[0] ?? view.status
}

/** Plain shillings for front ends; the exact figure stands beside it. */
export function majorUnits(minor: number, currency: string): number {
  const digits = fractionDigitsOf(currency)
  return Number((minor / 10 ** digits).toFixed(digits))
}

/** Shillings as people name them, to the exact figure. */
export function minorUnits(major: number, currency: string): number {
  return major * 10 ** fractionDigitsOf(currency)
}
