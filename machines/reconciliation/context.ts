import type { FoundMoney, MatchedDay, ReconciliationInput, Span } from './events.ts'

/** R9: so many spans of time wait apart; more are taken for one. */
const ASKED_SPANS_MAX = 31

export interface ReconciliationContext {
  /** `never`: only what files say is matched. `refused`: the provider shows its list no more, until somebody asks to look again. */
  looking: 'hourly' | 'refused' | 'never'
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
  /** What somebody has asked to match, and is not matched yet: apart, oldest first. */
  asked: Span[]
}

export type ReconciliationFact =
  | ({ type: 'reconciliation.moneyFound'; at: number } & FoundMoney)
  /** How much of a day either side cannot explain; again when that changes. */
  | ({ type: 'reconciliation.dayMatched'; at: number } & MatchedDay)
  | { type: 'reconciliation.failed'; code: string; description: string; at: number }

export function newReconciliation({ looks }: ReconciliationInput): ReconciliationContext {
  return { looking: looks ? 'hourly' : 'never', pulledUntil: null, pulls: 0, listed: 0, found: 0, lastPulledAt: null, lastError: null, again: false, hasMore: false, coveredUntil: null, matchedUntil: null, unexplained: [], asked: [] }
}

/** With one more to be matched; what touches another is one with it. */
export function withAsked(asked: readonly Span[], more: Span): Span[] {
  const apart: Span[] = []
  for (const { from, until } of [...asked, more].sort((a, b) => a.from - b.from)) {
    const last = apart.at(-1)
    if (last !== undefined && from <= last.until) last.until = Math.max(last.until, until)
    else apart.push({ from, until })
  }
  const [first] = apart
  return first === undefined || apart.length <= ASKED_SPANS_MAX ? apart : [{ from: first.from, until: apart.at(-1)?.until ?? first.until }]
}

/** What is left of it when the oldest part is matched. */
export function askedAfter(asked: readonly Span[], matchedUntil: number | null): Span[] {
  return asked.flatMap(({ from, until }) => (matchedUntil === null || until > matchedUntil ? [{ from: Math.max(from, matchedUntil ?? from), until }] : []))
}
