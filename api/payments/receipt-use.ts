/**
 * Tells payments of receipts that have credited another one, before they are asked to believe in them. A machine knows
 * nothing of its neighbours, and what the unique key of the receipts refuses holds the whole payment until staff repair it.
 */
import { StandingError, type Address, type EventObject, type Runtime } from '../../runtime/index.ts'
import type { Receipts } from '../ports/receipts.ts'
import { paymentContext } from './payment-view.ts'

const ABOUT_RECEIPTS: ReadonlySet<string> = new Set(['payment.callback', 'payment.approve', 'payment.claim'])

/** Receipt -> the payment it has credited. */
export type ReceiptUses = Awaited<ReturnType<Receipts['creditedTo']>>

/** The receipt that an event names, in the form in which payments keep it. */
export function receiptIn(type: string, event: EventObject): string | undefined {
  const receipt = type === 'payment' && ABOUT_RECEIPTS.has(event.type) ? event['receipt'] : undefined
  return typeof receipt === 'string' ? receipt.trim().toUpperCase() : undefined
}

/** The event, saying whose its receipt is if it has credited another payment than the one it is for. */
export function withReceiptUse(event: EventObject, id: string, receipt: string | undefined, uses: ReceiptUses): EventObject {
  const usedBy = receipt === undefined ? undefined : uses.get(receipt)
  return usedBy === undefined || usedBy === id ? event : { ...event, receiptUsedBy: usedBy }
}

export interface ReceiptTeller {
  /** As {@link withReceiptUse}, for events of one tenant that people send; the same ones where there is nothing to tell. */
  tell<Item extends { to: Address; event: EventObject }>(tenant: string, items: readonly Item[]): Promise<readonly Item[]>
}

export function receiptTeller({ receipts, runtime }: { receipts: Receipts; runtime: Pick<Runtime, 'get'> }): ReceiptTeller {
  async function receiptMeant(to: Address, event: EventObject): Promise<string | undefined> {
    const isBlind = to.type === 'payment' && (event.type === 'payment.assign' || (event.type === 'payment.approve' && event['receipt'] === undefined))
    if (!isBlind) return receiptIn(to.type, event)
    // It means the one under review.
    const view = await runtime.get(to)
    return view === undefined ? undefined : (paymentContext(view).review?.receipt ?? undefined)
  }

  return {
    async tell(tenant, items) {
      const meant = await Promise.all(items.map(({ to, event }) => receiptMeant(to, event)))
      const named = [...new Set(meant.filter((receipt) => receipt !== undefined))]
      if (named.length === 0) return items
      const uses = await receipts.creditedTo(tenant, named)
      return items.map((item, index) => ({ ...item, event: withReceiptUse(item.event, item.to.id, meant[index], uses) }))
    },
  }
}

/** A refusal because of the receipt says so, and points at the field that names it. */
export function pointingAtReceipt(error: unknown, event: EventObject): unknown {
  const usedBy = event['receiptUsedBy']
  const isRefusal = error instanceof StandingError && error.code === 'event-not-accepted' && error.details.refusedBy?.some(({ guard }) => guard === 'hasFreeReceipt')
  if (!isRefusal || event.type !== 'payment.approve' || typeof usedBy !== 'string') return error
  return new StandingError(error.code, 'This receipt has credited another payment.', { ...error.details, errors: [{ pointer: '/receipt', detail: `has credited the payment ${usedBy}` }] })
}
