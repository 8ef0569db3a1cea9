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
  /** The first moment of the newest day that is not on the list as a whole. */
  coveredUntil: number
}

/** A day, or what is left of it: its first moment, and that of the next one. */
export interface DaySpan {
  /** `2028-02-29`, in the business's time zone. */
  day: string
  from: number
  until: number
}

export interface MatchRequest {
  /** Null before the first match, which takes the last day that is over. */
  matchedUntil: number | null
  coveredUntil: number
  /** Days that were matched and left something. */
  again: DaySpan[]
}

export interface MatchedDay extends DaySpan {
  /** Rows of the statement that the ledger does not have so. */
  provider: number
  /** Lines of the ledger that the statement does not have. */
  ours: number
}

export interface Matched {
  /** Oldest first; those that were asked for again among them. */
  days: MatchedDay[]
  matchedUntil: number
}

