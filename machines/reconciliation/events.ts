/** What a reconciliation is made from and what may be said to it. */
import { z } from 'zod'
import type { EventsOf } from '../event-types.ts'
import type { PaymentInput } from '../payment/events.ts'
import { remark } from '../printable.ts'

export const reconciliationInput = z.strictObject({})

export const reconciliationEvents = {
  /** Look now, and not only when the next look is due. */
  'reconciliation.pull': z.strictObject({ reason: remark(200).optional() }),
}

export type ReconciliationEvent = EventsOf<typeof reconciliationEvents>

export interface PullRequest {
  /** By the provider's clock, milliseconds; null before the first. */
  pulledUntil: number | null
}

/** Money that nobody told us of: a payment to be made, or what a payment that is there is to be told. */
export type FoundMoney = { receipt: string; amount: number; currency: string; paymentId: string } & ({ input: PaymentInput } | { event: { type: string; [field: string]: unknown } })

export interface Pulled {
  pulledUntil: number
  /** Transactions on the list. */
  listed: number
  /** Oldest first. */
  found: FoundMoney[]
  /** The list goes on. */
  hasMore: boolean
}

