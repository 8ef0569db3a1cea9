/**
 * Adds to what people send to payments what they cannot say themselves: whose a receipt is, who is asking, and what a package is
 * on the price list now. A machine knows nothing of its neighbours, of keys or of the price list.
 */
import type { Address, EventObject, Runtime } from '../../runtime/index.ts'
import { packageSnapshot, type PackageSnapshot } from '../../machines/package.ts'
import { Problem } from '../http/problem.ts'
import type { Package, Packages } from '../ports/packages.ts'
import type { Receipts } from '../ports/receipts.ts'
import { receiptTeller } from './receipt-use.ts'

/** Of these the edge says who sends them, whatever the sender wrote: a refund needs two people. */
const SIGNED: ReadonlySet<string> = new Set(['payment.refund', 'payment.approveRefund', 'payment.refuseRefund', 'payment.settleRefund'])

interface Item {
  to: Address
  event: EventObject
}

export interface EventTeller {
  /** The same items, of which those that need it say more. `by` as staff actions name who did them. @throws Problem `package-unknown` */
  tell<One extends Item>(sender: { tenant: string; by: string }, items: readonly One[]): Promise<readonly One[]>
}

export interface EventTellerDeps {
  receipts: Receipts
  packages: Pick<Packages, 'find'>
  runtime: Pick<Runtime, 'get'>
}

export function eventTeller({ receipts, packages, runtime }: EventTellerDeps): EventTeller {
  const ofReceipts = receiptTeller({ receipts, runtime })

  async function filledIn(tenant: string, by: string, { type }: Address, event: EventObject): Promise<EventObject> {
    if (type !== 'payment') return event
    if (SIGNED.has(event.type)) return { ...event, by }
    const packageId = event.type === 'payment.assign' ? event['packageId'] : undefined
    if (typeof packageId !== 'string') return event
    const found = await packages.find(tenant, packageId)
    if (found === undefined) throw new Problem('package-unknown', undefined, { errors: [{ pointer: '/packageId', detail: 'is not on sale' }] })
    return { ...event, package: snapshotOf(found) }
  }

  return {
    async tell({ tenant, by }, items) {
      const signed = await Promise.all(items.map(async (item) => {
        const event = await filledIn(tenant, by, item.to, item.event)
        return event === item.event ? item : { ...item, event }
      }))
      return ofReceipts.tell(tenant, signed)
    },
  }
}

/** A package as it is sold now: a later change of the price list changes nothing that was sold. */
export function snapshotOf(bought: Package): PackageSnapshot {
  return Object.fromEntries(Object.keys(packageSnapshot.shape).map((name) => [name, bought[name as keyof Package]])) as unknown as PackageSnapshot
}
