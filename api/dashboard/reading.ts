/** The sums as the journal has them: days that are over from their cache, the others counted. */
import { added, COUNTED_TYPES, sumsOf, type Sums } from '../../actors/dashboard/sums.ts'
import type { JournalCursor, JournalPage, Runtime } from '../../runtime/index.ts'
import type { DashboardDays } from '../ports/dashboard-days.ts'

export interface ReadingParts {
  journal: Pick<Runtime, 'journaledFacts'>
  days: DashboardDays
  dayOf: (at: number) => string
  /** The engine's time. */
  clock: () => number
}

export interface Reading {
  days: Map<string, Sums>
  /** Keys of facts that are in the sums and happened lately. */
  recent: Set<string>
}

const PAGE = 2_000
/** Later than this no step of a day that is over is committed. */
const SETTLING_MS = 60 * 60_000
/** Between a step's time and its commit, and the clocks of several nodes, lies less. */
const RECENT_MS = 60_000
/** A day begins so much earlier somewhere on earth than in Greenwich. */
const ZONE_MS = 14 * 60 * 60_000

/** Days before this one are over. */
export function firstDayOpen({ dayOf, clock }: Pick<ReadingParts, 'dayOf' | 'clock'>): string {
  return dayOf(clock() - SETTLING_MS)
}

export async function readSums(parts: ReadingParts, tenant: string): Promise<Reading> {
  const { journal, days: cache, dayOf, clock } = parts
  const open = firstDayOpen(parts)
  const recentFrom = clock() - RECENT_MS
  const cached = (await cache.list(tenant)).filter(({ day }) => day < open)
  const days = new Map(cached.map(({ day, sums }): [string, Sums] => [day, sums]))
  const lastCached = cached.at(-1)?.day
  const recent = new Set<string>()
  let after: JournalCursor | undefined
  do {
    const page: JournalPage = await journal.journaledFacts({ tenant, from: lastCached === undefined ? 0 : Date.parse(lastCached) - ZONE_MS, types: COUNTED_TYPES, after, limit: PAGE })
    for (const fact of page.facts) {
      const sums = sumsOf(fact)
      const day = dayOf(fact.at)
      if (sums === undefined || (lastCached !== undefined && day <= lastCached)) continue
      days.set(day, added(days.get(day) ?? {}, sums))
      if (fact.at >= recentFrom) recent.add(fact.key)
    }
    after = page.next
  } while (after !== undefined)
  await cache.save(tenant, [...days].filter(([day]) => day < open && (lastCached === undefined || day > lastCached)).map(([day, sums]) => ({ day, sums })))
  return { days, recent }
}

/** Counts everything anew. */
export async function rebuildSums(parts: ReadingParts, tenant: string): Promise<Reading> {
  await parts.days.clear(tenant)
  return readSums(parts, tenant)
}
