/** Matches days that are over with the ledger: how much the provider's statement and the ledger do not both know. */
import { daysBetween, startOfDay, startOfNextDay } from '../../machines/calendar.ts'
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

/**
 * R9: after a longer outage the oldest are left out; the list of unexplained money still has them. Of what was asked for the oldest come
 * first, and the rest in further runs.
 */
const DAYS_MAX = 31

export function matchDays({ statements, timeZone }: MatchParts): EffectDefinition {
  return defineEffect<MatchRequest, Matched>({
    lane: 'reconciliation',
    timeoutMs: 120_000,
    async run(request, { address: { tenant } }) {
      const days: MatchedDay[] = []
      const asked = askedDays(request, timeZone)
      for (const span of eachOnce([...request.again, ...daysDue(request, timeZone), ...asked])) days.push({ ...span, ...(await statements.countUnexplained(tenant, span)) })
      const { matchedUntil, coveredUntil } = request
      return { days, matchedUntil: coveredUntil === null ? matchedUntil : Math.max(coveredUntil, matchedUntil ?? 0), askedUntil: asked.at(-1)?.until ?? null }
    },
  })
}

function daysDue({ matchedUntil, coveredUntil }: MatchRequest, timeZone: string): DaySpan[] {
  if (coveredUntil === null) return []
  return daysBetween(matchedUntil ?? startOfDay(coveredUntil - 1, timeZone), coveredUntil, timeZone).slice(-DAYS_MAX)
}

/** Whole days, though what was asked for begins and ends within them: a day is one, whoever asks for it. */
function askedDays({ asked = [] }: MatchRequest, timeZone: string): DaySpan[] {
  return eachOnce(asked.flatMap(({ from, until }) => daysBetween(startOfDay(from, timeZone), startOfNextDay(until - 1, timeZone), timeZone))).slice(0, DAYS_MAX)
}

/** Oldest first. */
function eachOnce(days: readonly DaySpan[]): DaySpan[] {
  return [...new Map(days.map((day) => [day.from, day])).values()].sort((a, b) => a.from - b.from)
}
