import type { FoundMoney, MatchedDay } from './events.ts'

export interface ReconciliationContext {
  /** The provider's list is read up to here, by its clock. */
  pulledUntil: number | null
  pulls: number
  /** Transactions listed and money found that nobody told us of, over all pulls. */
  listed: number
  found: number
  lastPulledAt: number | null
  lastError: { code: string; description: string; at: number } | null
  /** Somebody asked to look while a look was under way. */
  again: boolean
  hasMore: boolean
  /** Whole days of the business's calendar that the list covers end here, by the provider's clock. */
  coveredUntil: number | null
  /** Days are matched up to here. */
  matchedUntil: number | null
  /** Matched days that something of is not explained yet, oldest first. They are matched again after each look. */
  unexplained: MatchedDay[]
}

export type ReconciliationFact =
  | ({ type: 'reconciliation.moneyFound'; at: number } & FoundMoney)
  /** How much of a day either side cannot explain; again when that changes. */
  | ({ type: 'reconciliation.dayMatched'; at: number } & MatchedDay)
  | { type: 'reconciliation.failed'; code: string; description: string; at: number }

export function newReconciliation(): ReconciliationContext {
  return { pulledUntil: null, pulls: 0, listed: 0, found: 0, lastPulledAt: null, lastError: null, again: false, hasMore: false, coveredUntil: null, matchedUntil: null, unexplained: [] }
}
