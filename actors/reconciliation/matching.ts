/** Matches days that are over with the ledger: how much the provider's statement and the ledger do not both know. */
import { daysBetween, startOfDay } from '../../machines/calendar.ts'
import type { DaySpan, Matched, MatchedDay, MatchRequest } from '../../machines/reconciliation/events.ts'
import { defineEffect, type EffectDefinition } from '../../runtime/index.ts'

/** What the provider says of money, kept to be matched. The port of the statement's tables. */
export interface StatementRows {
  /** Keeps what was listed, and of which time that was all. The same again changes nothing. */
  addPulled(tenant: string, rows: readonly PulledRow[], read: { from: number; to: number; at: number; by: string }): Promise<unknown>
  countUnexplained(tenant: string, span: { from: number; until: number }): Promise<{ provider: number; ours: number }>
}

export interface PulledRow {
  receipt: string
  kind: 'paid-in'
  /** Minor units. */
  amount: number
  currency: string
  /** RFC 3339. */
  at: string
  accountReference: string | null
  details: null
}

export interface MatchParts {
  statements: StatementRows
  timeZone: string
}

/** R9: after a longer outage the oldest are left out; the list of unexplained money still has them. */
const DAYS_MAX = 31

export function matchDays({ statements, timeZone }: MatchParts): EffectDefinition {
  return defineEffect<MatchRequest, Matched>({
    lane: 'reconciliation',
    timeoutMs: 120_000,
    async run(request, { address: { tenant } }) {
      const days: MatchedDay[] = []
      for (const span of spansOf(request, timeZone)) days.push({ ...span, ...(await statements.countUnexplained(tenant, span)) })
      return { days, matchedUntil: Math.max(request.coveredUntil, request.matchedUntil ?? 0) }
    },
  })
}

function spansOf({ matchedUntil, coveredUntil, again }: MatchRequest, timeZone: string): DaySpan[] {
  const from = matchedUntil ?? startOfDay(coveredUntil - 1, timeZone)
  return [...again, ...daysBetween(from, coveredUntil, timeZone).slice(-DAYS_MAX)]
}
