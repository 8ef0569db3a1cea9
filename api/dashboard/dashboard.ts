/**
 * The dashboard's sums: a snapshot with a version, and what changes after it. The journal is the truth: a node reads it when the sums
 * are first wanted and then counts facts as they come, each once. The version is the number of facts in the sums, so it means the
 * same on every node and after every restart.
 */
import { LRUCache } from 'lru-cache'
import { FACTS, sumsOf, type Sums } from '../../actors/dashboard/sums.ts'
import type { Log, PlacedFact, Runtime } from '../../runtime/index.ts'
import type { Hub } from '../channels/hub.ts'
import { STATS_CHANNEL } from '../channels/names.ts'
import { firstDayOpen, readSums, type ReadingParts } from './reading.ts'
import { dashboardStore, type DashboardState, type DashboardStore } from './store.ts'

export const STATS_EVENT = 'DashboardStatsUpdated'

export interface DashboardSnapshot {
  version: number
  at: string
  today: { day: string; sums: Sums }
  total: Sums
  /** The newest first. */
  days: { day: string; sums: Sums }[]
}

/** Applies to a snapshot of version `previous`; the sums named in it stand instead of the old ones. */
export interface DashboardDelta {
  version: number
  previous: number
  today: { day: string; sums: Sums }
  total: Sums
}

export interface Dashboard {
  snapshot(tenant: string): Promise<DashboardSnapshot>
}

export interface DashboardParts extends Omit<ReadingParts, 'journal'> {
  runtime: Pick<Runtime, 'follow' | 'journaledFacts' | 'unsentFacts' | 'factsBegun'>
  hub: Hub
  log: Log
  /** Changes that come within this time go together. */
  gatherMs?: number
}

interface Live {
  store: DashboardStore
  /** What those who listen know. */
  told: DashboardState
  /** Days before this one are in their cache. */
  cachedUntil: string
}

const DAYS_SHOWN = 30
const GATHER_MS = 200
/** Facts may come again after a crash, soon after they came first. */
const REPEATED_MAX = 50_000
/** With the broker away facts do not come: the journal alone is asked. */
const BEGIN_MS = 1_000

export function createDashboard(parts: DashboardParts): Dashboard {
  const { runtime, hub, dayOf, clock, log } = parts
  const reading: ReadingParts = { ...parts, journal: runtime }
  const tenants = new Map<string, Promise<Live | undefined>>()

  hub.onFirst((tenant, channel) => {
    if (channel === STATS_CHANNEL) liveOf(tenant).catch((error: unknown) => log.warn({ err: error }, 'the sums of the dashboard could not be read; the next request tries again'))
  })

  function liveOf(tenant: string): Promise<Live | undefined> {
    let live = tenants.get(tenant)
    if (live === undefined) {
      live = begin(tenant).catch((error: unknown) => {
        tenants.delete(tenant)
        throw error
      })
      tenants.set(tenant, live)
      void live.then((found) => found ?? tenants.delete(tenant), () => undefined)
    }
    return live
  }

  /** In this order, so that each fact is counted by the journal or by the feed, and by one of them only. */
  async function begin(tenant: string): Promise<Live | undefined> {
    const unsent = await runtime.unsentFacts()
    const early: PlacedFact[] = []
    let take = (placed: PlacedFact): void => void early.push(placed)
    const leave = runtime.follow({ tenant, onFact: (placed) => take(placed), onLost: () => undefined })
    try {
      const waiting = AbortSignal.timeout(BEGIN_MS)
      await runtime.factsBegun(waiting)
      if (waiting.aborted) {
        leave()
        return undefined
      }
      const { days, recent } = await readSums(reading, tenant)
      const store = dashboardStore(days)
      const live: Live = { store, told: store.getSnapshot().context, cachedUntil: firstDayOpen(parts) }
      const repeated = new LRUCache<string, true>({ max: REPEATED_MAX })
      let telling: NodeJS.Timeout | undefined
      take = ({ fact }) => {
        const sums = sumsOf(fact)
        if (sums === undefined || recent.has(fact.key) || unsent.has(fact.key) || repeated.has(fact.key)) return
        repeated.set(fact.key, true)
        store.send({ type: 'counted', day: dayOf(fact.at), sums })
      }
      store.subscribe(() => {
        telling ??= setTimeout(() => {
          telling = undefined
          tell(tenant, live)
        }, parts.gatherMs ?? GATHER_MS).unref()
      })
      for (const placed of early) take(placed)
      return live
    } catch (error) {
      leave()
      throw error
    }
  }

  function tell(tenant: string, live: Live): void {
    const now = live.store.getSnapshot().context
    const before = live.told
    live.told = now
    const day = today(now)
    const delta: DashboardDelta = {
      version: now.total[FACTS] ?? 0,
      previous: before.total[FACTS] ?? 0,
      today: { day, sums: changed(before.days[day] ?? {}, now.days[day] ?? {}) },
      total: changed(before.total, now.total),
    }
    hub.tell(tenant, { channel: STATS_CHANNEL, event: STATS_EVENT, text: JSON.stringify(delta) })
  }

  function today({ days }: DashboardState): string {
    const newest = Object.keys(days).reduce((a, b) => (a > b ? a : b), '')
    const now = dayOf(clock())
    return newest > now ? newest : now
  }

  function shown(state: DashboardState): DashboardSnapshot {
    const days = Object.entries(state.days)
      .sort(([a], [b]) => (a < b ? 1 : -1))
      .slice(0, DAYS_SHOWN)
      .map(([day, sums]) => ({ day, sums }))
    const day = today(state)
    return { version: state.total[FACTS] ?? 0, at: new Date(clock()).toISOString(), today: { day, sums: state.days[day] ?? {} }, total: state.total, days }
  }

  /** Days end while the server runs: they are put into their cache from the journal, so that the next start need not count them. */
  function cacheDays(tenant: string, live: Live): void {
    const until = firstDayOpen(parts)
    if (until <= live.cachedUntil) return
    live.cachedUntil = until
    void readSums(reading, tenant).catch((error: unknown) => log.warn({ err: error }, 'sums of days that are over could not be kept'))
  }

  return {
    async snapshot(tenant) {
      const live = await liveOf(tenant)
      if (live === undefined) return shown(dashboardStore((await readSums(reading, tenant)).days).getSnapshot().context)
      cacheDays(tenant, live)
      return shown(live.store.getSnapshot().context)
    },
  }
}

function changed(before: Sums, now: Sums): Sums {
  return Object.fromEntries(Object.entries(now).filter(([name, value]) => before[name] !== value))
}
