/** What a reconciliation is made from and what may be said to it. */
import { z } from 'zod'
import type { EventsOf } from '../event-types.ts'
import type { PaymentInput } from '../payment/events.ts'
import { remark } from '../printable.ts'

const moment = z.iso.datetime({ offset: true })
/** R9: more than a file of the portal tells of. */
export const MATCH_SPAN_MAX_MS = 10 * 366 * 86_400_000

export const reconciliationInput = z.strictObject({
  /** Whether the list is looked at by itself; if not, only what files say is matched, until somebody asks to look. */
  looks: z.boolean().default(true),
})

export type ReconciliationInput = z.output<typeof reconciliationInput>

export const reconciliationEvents = {
  /** Look now, and not only when the next look is due. */
  'reconciliation.pull': z.strictObject({ reason: remark(200).optional() }),
  /** Match the days that this time touches, again if they were: a statement has told of them. */
  'reconciliation.match': z
    .strictObject({ from: moment, until: moment.describe('not included'), reason: remark(200).optional() })
    .refine(({ from, until }) => Date.parse(until) > Date.parse(from) && Date.parse(until) - Date.parse(from) <= MATCH_SPAN_MAX_MS, { path: ['until'], message: 'must be later than from, by ten years at most' }),
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

/** Some time, its end not included. */
export interface Span {
  from: number
  until: number
}

/** A day, or what is left of it: its first moment, and that of the next one. */
export interface DaySpan extends Span {
  /** `2028-02-29`, in the business's time zone. */
  day: string
}

export interface MatchRequest {
  /** Null before the first match, which takes the last day that is over. */
  matchedUntil: number | null
  /** Null while nothing was pulled. */
  coveredUntil: number | null
  /** Days that were matched and left something. */
  again: DaySpan[]
  /** What somebody has asked for; missing in what an older version asked. */
  asked?: Span[]
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
  matchedUntil: number | null
  /** What was asked for is matched up to here. Null: nothing was. */
  askedUntil: number | null
}

