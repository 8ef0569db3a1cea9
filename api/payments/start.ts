/** Starts a payment: one per Idempotency-Key, one prompt per phone, price and package as they are on our list now. */
import type { AppDeps } from '../deps.ts'
import { StandingError, type ActorView } from '../../runtime/index.ts'
import { Problem } from '../http/problem.ts'
import { snapshotOf } from './event-teller.ts'
import { keyedLock } from './keyed-lock.ts'
import { demandNoOpenPrompt } from './open-prompt.ts'
import { paymentIdOf, randomPaymentId } from './payment-id.ts'
import { isPrompted, paymentContext } from './payment-view.ts'
import { findDue } from './subscription-due.ts'

export interface PaymentOrder {
  /** Digits with country code. */
  phone: string
  /** `AA:BB:CC:DD:EE:FF`. */
  macAddress: string | null
  /** Exactly one of a package and a subscription; the amount belongs to the latter, in minor units. */
  packageId?: string
  subscriptionId?: string
  amount?: number
}

export interface StartOptions {
  idempotencyKey: string | undefined
  correlationId: string | undefined
  clientHash: string
  /** Asked only when the payment is a new one: repeating a request is never punished. */
  beforeNew: () => Promise<void>
}

export interface StartedPayment {
  view: ActorView
  isReplay: boolean
}

export type StartPayment = (order: PaymentOrder, options: StartOptions) => Promise<StartedPayment>

/** How long the browser waits for M-Pesa to take the prompt (contract.md §3). */
const PROMPT_WAIT_MS = 2_000

export function paymentStarter(deps: Pick<AppDeps, 'runtime' | 'packages' | 'openPrompts' | 'appKey'>, tenant: string, closing: AbortSignal): StartPayment {
  const { runtime } = deps
  // Two requests of one phone at the same moment: the second must see the first one's prompt.
  const perPhone = keyedLock()

  return async (order, options) => {
    const id = options.idempotencyKey === undefined ? randomPaymentId() : paymentIdOf(deps.appKey, tenant, options.idempotencyKey)
    const address = { tenant, type: 'payment', id }
    const started = await perPhone.run(order.phone, async () => (await findSame(address, order, options)) ?? (await startNew(address, order, options)))
    const view = await runtime.waitFor(address, isPrompted, { timeoutMs: closing.aborted ? 0 : PROMPT_WAIT_MS, signal: closing })
    return { ...started, view: view ?? started.view }
  }

  async function findSame(address: { tenant: string; type: string; id: string }, order: PaymentOrder, { idempotencyKey }: StartOptions): Promise<StartedPayment | undefined> {
    if (idempotencyKey === undefined) return undefined
    const view = await runtime.get(address)
    if (view === undefined) return undefined
    const { phone, macAddress, package: bought, purpose, amount } = paymentContext(view)
    const isForSame = purpose.kind === 'subscription' ? purpose.subscriptionId === order.subscriptionId && amount === (order.amount ?? amount) : bought?.id === order.packageId
    if (phone === order.phone && macAddress === order.macAddress && isForSame) return { view, isReplay: true }
    throw new Problem('idempotency-mismatch', 'This Idempotency-Key was used before, for another payment.')
  }

  async function startNew(address: { tenant: string; type: string; id: string }, order: PaymentOrder, options: StartOptions): Promise<StartedPayment> {
    await options.beforeNew()
    const input = order.subscriptionId === undefined ? await packageInput(order, options.clientHash) : await subscriptionInput(order, order.subscriptionId, options.clientHash)
    const prompt = { tenant, phone: order.phone, id: address.id }
    await demandNoOpenPrompt(deps.openPrompts, prompt)
    try {
      const view = await runtime.create(address, input, {
        source: 'rest:public',
        ...(options.correlationId === undefined ? {} : { correlationId: options.correlationId }),
      })
      return { view, isReplay: false }
    } catch (error) {
      // Another node was quicker with the same key.
      const same = error instanceof StandingError && error.code === 'actor-exists' ? await findSame(address, order, options) : undefined
      if (same !== undefined) return same
      // Or with the same phone: then the table of open prompts did not let the first step commit.
      await demandNoOpenPrompt(deps.openPrompts, prompt)
      throw error
    }
  }

  /** What is bought is copied, so that the price list may change. */
  async function packageInput({ packageId = '', phone, macAddress }: PaymentOrder, clientHash: string): Promise<object> {
    const bought = await deps.packages.find(tenant, packageId)
    if (bought === undefined) throw new Problem('package-unknown', undefined, { errors: [{ pointer: '/package_id', detail: 'is not on sale' }] })
    return { phone, package: snapshotOf(bought), amount: bought.amount, currency: bought.currency, macAddress, clientHash }
  }

  async function subscriptionInput({ phone, macAddress, amount }: PaymentOrder, subscriptionId: string, clientHash: string): Promise<object> {
    const due = await findDue(runtime, { tenant, type: 'subscription', id: subscriptionId })
    if (due === undefined) throw new Problem('subscription-unknown', undefined, { errors: [{ pointer: '/subscription_id', detail: 'names no subscription that can be paid for' }] })
    return { method: 'stk', purpose: { kind: 'subscription', subscriptionId }, phone, amount: amount ?? due.amount, currency: due.currency, macAddress, clientHash }
  }
}
