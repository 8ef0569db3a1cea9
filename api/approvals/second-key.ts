/**
 * From a certain worth on, one key does not decide alone: the event or the new actor is asked for (`POST /api/v1/approvals`), and a second
 * key approves. Everything that comes in by a key passes here, over REST and over NATS alike; what actors tell each other does not.
 */
import type { PaymentContext } from '../../machines/payment/context.ts'
import type { SubscriptionContext } from '../../machines/subscription/context.ts'
import type { Address, EventObject, Runtime } from '../../runtime/index.ts'
import { Problem } from '../http/problem.ts'
import type { Packages } from '../ports/packages.ts'
import type { Plans } from '../subscriptions/plan-of.ts'
import { isWeighed, worthOfAccess, worthOfBatch, worthOfMoney, worthOfPayment, worthOfPlan, worthOfRecorded, worthOfTime, type Worth } from './worth.ts'

export interface SecondKey {
  /** What an event would give away; undefined where that does not count, or there is no such actor. */
  weigh(to: Address, event: EventObject): Promise<Worth | undefined>
  /** The same of an actor that is to be made. */
  weighNew(tenant: string, type: string, input: unknown): Promise<Worth | undefined>
  /** @throws Problem `second-key-needed` */
  demandOneSuffices(to: Address, event: EventObject): Promise<void>
  /** The same of an actor that is to be made. @throws Problem `second-key-needed` */
  demandOneSufficesFor(tenant: string, type: string, input: unknown): Promise<void>
}

export interface SecondKeyDeps {
  runtime: Pick<Runtime, 'get'>
  packages: Pick<Packages, 'find'>
  plans: Plans
  /** From how much on, in minor units of whatever currency. */
  from: (tenant: string) => number
  /** Of the actors. */
  clock: () => number
}

/** One key for everything. */
export const NO_SECOND_KEY = (): number => Number.POSITIVE_INFINITY

const ASK = 'Ask for it by POST /api/v1/approvals; another key approves it.'
/** It begins when it is paid: until then, and after, its package is changed. */
const AGREE_LATER = 'Make it with a plan as it is on the price list, and ask for the other by POST /api/v1/approvals with `subscription.changePackage`; another key approves it.'

export function secondKey({ runtime, packages, plans, from, clock }: SecondKeyDeps): SecondKey {
  async function weigh(to: Address, event: EventObject): Promise<Worth | undefined> {
    if (!isWeighed(to.type, event.type)) return undefined
    const context = (await runtime.get(to))?.context
    if (context === undefined) return undefined
    if (to.type === 'subscription') return weighForSubscription(to.tenant, context as SubscriptionContext, event)
    if (event.type === 'payment.callback' && Number(event['resultCode']) !== 0) return undefined
    return worthOfPayment(packages, to.tenant, context as PaymentContext, event)
  }

  async function weighForSubscription(tenant: string, context: SubscriptionContext, event: EventObject): Promise<Worth | undefined> {
    if (event.type === 'subscription.pay') return worthOfMoney(event)
    if (event.type === 'subscription.changePackage') return worthOfPlan(plans, tenant, event['package'])
    return worthOfTime(plans, tenant, context, event, clock())
  }

  async function weighNew(tenant: string, type: string, input: unknown): Promise<Worth | undefined> {
    switch (type) {
      case 'payment':
        return worthOfRecorded(input)
      case 'voucher-batch':
        return worthOfBatch(packages, tenant, input)
      case 'hotspot-session':
        return worthOfAccess(packages, tenant, input)
      case 'subscription':
        return worthOfPlan(plans, tenant, (input as { plan?: unknown } | null | undefined)?.plan)
      default:
        return undefined
    }
  }

  async function demandBelow(tenant: string, weighed: Promise<Worth | undefined>, wayOut = ASK): Promise<void> {
    const [limit, worth] = [from(tenant), await weighed]
    if (worth === undefined || (worth.amount !== null && worth.amount < limit) || limit === Number.POSITIVE_INFINITY) return
    const currency = worth.currency === null ? {} : { currency: worth.currency }
    throw new Problem('second-key-needed', wayOut, { extra: { worth: worth.amount, ...currency, from: limit } })
  }

  return {
    weigh,
    weighNew,
    demandOneSuffices: async (to, event) => (isWeighed(to.type, event.type) ? demandBelow(to.tenant, weigh(to, event)) : undefined),
    demandOneSufficesFor: (tenant, type, input) => demandBelow(tenant, weighNew(tenant, type, input), type === 'subscription' ? AGREE_LATER : ASK),
  }
}
