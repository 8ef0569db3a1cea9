/**
 * Timers among a million that are armed: a thousand falling due per second, events that arm one each, and
 * fifty thousand overdue at once, as after an outage.
 */
import pg from 'pg'
import { createRuntime, noMetrics } from '../../runtime/index.ts'
import type { Runtime } from '../../runtime/index.ts'
import { postgresStore } from '../../db/store/index.ts'
import { ACTORS, actorId, cycle } from '../cycle.ts'
import type { Lab } from '../lab.ts'
import { closedLoop, summarise } from '../load.ts'
import { MILLION, million } from '../million.ts'
import type { Report } from '../report.ts'

const PER_SECOND = 1_000
const OVERDUE = 50_000
/** Time to write the due times down. The engine reads two seconds ahead, so it sees them only then. */
const LEAD_MS = 10_000
const WARMUP_MS = 2_000
/** Steps through all million in an order without any, as it has no divisor in common with it. */
const STRIDE = 7_919
const FIRING_LIMIT_MS = 120_000

/** Hears of every timer that was committed. */
interface Firings {
  latenesses: number[]
  lastAt: number
}

export async function timersSuite(lab: Lab, report: Report, durationMs: number): Promise<void> {
  const url = await million(lab, 'bench_timers')
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    await steady(url, client, report, Math.max(10_000, durationMs * 2))
    await arming(url, report, durationMs)
    await overdue(url, client, report)
  } finally {
    await client.end()
  }
}

async function steady(url: string, client: pg.Client, report: Report, durationMs: number): Promise<void> {
  const count = (durationMs / 1_000) * PER_SECOND
  const { runtime, firings } = engine(url)
  const began = performance.now()
  await runtime.start()
  const startMs = performance.now() - began
  report.add('timers.start', startMs / 1_000, 's', { text: '< 10 s to start on a million actors', reached: startMs < 10_000 })
  const firstDueAt = Date.now() + LEAD_MS
  await makeDue(client, 0, count, firstDueAt, 1_000 / PER_SECOND)
  await allFired(firings, count, firstDueAt + durationMs + FIRING_LIMIT_MS)
  await runtime.stop()
  const { p50Ms, p99Ms, maxMs } = summarise(firings.latenesses, durationMs)
  const outcome = await journaled(client, 0, count)
  report.add('timers.fired', outcome.fired, 'timers', { text: `all ${count} once, none dropped`, reached: outcome.fired === count && outcome.distinct === count && outcome.dropped === 0 })
  report.add('timers.rate', count / ((firings.lastAt - firstDueAt) / 1_000), 'timers/s')
  report.add('timers.lateness.p50', p50Ms, 'ms')
  report.add('timers.lateness.p99', p99Ms, 'ms', { text: '< 250 ms at 1,000 due/s among 1,000,000', reached: p99Ms < 250 })
  report.add('timers.lateness.max', maxMs, 'ms')
}

/** Every event cancels one timer and arms another. */
async function arming(url: string, report: Report, durationMs: number): Promise<void> {
  const { runtime } = engine(url)
  await runtime.start()
  const result = await closedLoop(256, WARMUP_MS, durationMs, () => runtime.send({ type: 'cycle', id: actorId(Math.floor(Math.random() * ACTORS)) }, { type: 'turn' }))
  await runtime.stop()
  report.add('timers.arm', result.perSecond, 'timers/s')
}

async function overdue(url: string, client: pg.Client, report: Report): Promise<void> {
  const first = MILLION / 2
  await makeDue(client, first, OVERDUE, Date.now() - 3_600_000, 1)
  const { runtime, firings } = engine(url)
  // The start itself begins to fire.
  let firstAt = 0
  firings.latenesses.push = (lateness) => {
    firstAt ||= Date.now()
    return Array.prototype.push.call(firings.latenesses, lateness)
  }
  await runtime.start()
  await allFired(firings, OVERDUE, Date.now() + FIRING_LIMIT_MS)
  await runtime.settled()
  await runtime.stop()
  const outcome = await journaled(client, first, OVERDUE)
  report.add('timers.catch-up', OVERDUE / ((firings.lastAt - firstAt) / 1_000), 'timers/s')
  report.add('timers.catch-up.fired', outcome.fired, 'timers', { text: `all ${OVERDUE} once`, reached: outcome.fired === OVERDUE && outcome.distinct === OVERDUE })
  report.add('timers.catch-up.again', firings.latenesses.length - OVERDUE, 'timers')
  report.add('timers.catch-up.dropped', outcome.dropped, 'journal rows')
}

function engine(url: string): { runtime: Runtime; firings: Firings } {
  const firings: Firings = { latenesses: [], lastAt: 0 }
  const timerFired = (lateness: number): void => {
    firings.latenesses.push(lateness)
    firings.lastAt = Date.now()
  }
  return { runtime: createRuntime({ actors: [cycle], store: postgresStore({ url }), metrics: { ...noMetrics, timerFired } }), firings }
}

/** The ids of `count` timers, from all over the tables. */
function chosen(first: number, count: number): string[] {
  return Array.from({ length: count }, (_, i) => actorId(((first + i) * STRIDE) % MILLION))
}

async function makeDue(client: pg.Client, first: number, count: number, firstDueAt: number, everyMs: number): Promise<void> {
  await client.query(
    `update standing.timers t set due_at = to_timestamp($2::float8 / 1000) + (c.n - 1) * $3::float8 * interval '1 ms'
     from unnest($1::text[]) with ordinality as c(id, n) where t.tenant = 'main' and t.type = 'cycle' and t.id = c.id`,
    [chosen(first, count), firstDueAt, everyMs],
  )
}

async function allFired({ latenesses }: Firings, count: number, deadline: number): Promise<void> {
  while (latenesses.length < count) {
    if (Date.now() > deadline) return
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}

async function journaled(client: pg.Client, first: number, count: number): Promise<{ fired: number; distinct: number; dropped: number }> {
  const { rows } = await client.query<{ fired: string; distinct: string; dropped: string }>(
    `select count(*) filter (where outcome = 'applied') as fired, count(distinct id) filter (where outcome = 'applied') as distinct, count(*) filter (where outcome <> 'applied') as dropped
     from standing.journal where tenant = 'main' and type = 'cycle' and id = any ($1::text[]) and source = 'timer'`,
    [chosen(first, count)],
  )
  const [row] = rows
  return { fired: Number(row?.fired), distinct: Number(row?.distinct), dropped: Number(row?.dropped) }
}
