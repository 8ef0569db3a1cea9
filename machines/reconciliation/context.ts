import type { FoundMoney } from './events.ts'

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
}

export type ReconciliationFact =
  | ({ type: 'reconciliation.moneyFound'; at: number } & FoundMoney)
  | { type: 'reconciliation.failed'; code: string; description: string; at: number }

export function newReconciliation(): ReconciliationContext {
  return { pulledUntil: null, pulls: 0, listed: 0, found: 0, lastPulledAt: null, lastError: null, again: false, hasMore: false }
}
