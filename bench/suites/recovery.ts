/**
 * `kill -9` in the middle of ten thousand calls, timers and messages, and a new process on the same
 * database (R10): how long until everything is done, and whether everything is done exactly as often as it should.
 */
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import pg from 'pg'
import { startServer } from '../child.ts'
import type { Server } from '../child.ts'
import type { Lab } from '../lab.ts'
import type { Report } from '../report.ts'

const ERRANDS = 10_000
const CALL_MS = 5
/** Time to begin all errands before the first timer is due. */
const LEAD_MS = 15_000
const TIMER_EVERY_MS = 0.6
const MAIL_PER_SECOND = 2_500
const LIMIT_MS = 60_000
const LOOK_MS = 50

type Engine = Server<{ readyAt: number }>

export async function recoverySuite(lab: Lab, report: Report): Promise<void> {
  const url = await lab.database('bench_recovery')
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  const target = await startTarget()
  try {
    const firstDueAt = Date.now() + LEAD_MS
    const options = { url, target: target.url, errands: ERRANDS, firstDueAt, everyMs: TIMER_EVERY_MS, mailPerSecond: MAIL_PER_SECOND }
    const first: Engine = await startServer('recovery', options)
    await first.ask('begin')
    report.add('recovery.begun', (await standing(client)).calls, 'errands', { text: 'before their first timer is due', reached: Date.now() < firstDueAt })
    await pause(firstDueAt - Date.now())
    target.open()
    await first.ask('go')
    // In the middle of the calls or of the timers, whatever comes first.
    const halfDueAt = Date.now() + (ERRANDS / 2) * TIMER_EVERY_MS
    while (target.keys.size < ERRANDS / 2 && Date.now() < halfDueAt) await pause(1)
    await first.kill()
    const left = await standing(client)
    report.add('recovery.killed.calls', left.calls, 'in flight')
    report.add('recovery.killed.timers', left.timers, 'in flight')
    report.add('recovery.killed.messages', left.messages, 'in flight')

    const startedAt = Date.now()
    const second: Engine = await startServer('recovery', { ...options, errands: 0 })
    const isDone = await untilDone(client)
    const doneAt = Date.now()
    await second.stop()
    const seconds = (doneAt - startedAt) / 1_000
    report.add('recovery', seconds, 's', { text: '< 10 s from the start of the process', reached: isDone && seconds < 10 })
    report.add('recovery.from-ready', (doneAt - second.ready.readyAt) / 1_000, 's')
    await count(client, target, report)
  } finally {
    target.close()
    await client.end()
  }
}

/** What is left to do. */
async function standing(client: pg.Client): Promise<{ calls: number; timers: number; messages: number }> {
  const { rows } = await client.query<{ calls: number; timers: number; messages: number }>(`
    select (select count(*)::int from standing.effects) as calls, (select count(*)::int from standing.timers) as timers,
      (select count(*)::int from standing.outbox where kind = 'mail') as messages`)
  return rows[0] as { calls: number; timers: number; messages: number }
}

async function untilDone(client: pg.Client): Promise<boolean> {
  const deadline = Date.now() + LIMIT_MS
  while (Date.now() < deadline) {
    const { rows } = await client.query<{ open: boolean }>(`
      select exists (select from standing.effects) or exists (select from standing.timers) or exists (select from standing.outbox)
        or exists (select from standing.actors where type = 'errand' and status <> 'done') as open`)
    if (rows[0]?.open === false) return true
    await pause(LOOK_MS)
  }
  return false
}

/** Everything once, but calls, which may be made again with the same key (R5). */
async function count(client: pg.Client, target: Target, report: Report): Promise<void> {
  const { rows } = await client.query<{ done: number; finished: number; facts: number; fired: number; notes: number; distinct: number; tallied: number; errands: number }>(`
    with j as (select * from standing.journal)
    select (select count(*)::int from standing.actors where type = 'errand' and status = 'done') as done,
      (select count(*)::int from standing.actors where type = 'errand') as errands,
      (select count(*)::int from j where type = 'errand' and "to" = '"done"' and outcome = 'applied') as finished,
      (select count(*)::int from j where type = 'errand' and facts like '%errand.done%') as facts,
      (select count(*)::int from j where type = 'errand' and source = 'timer' and outcome = 'applied') as fired,
      (select count(*)::int from j where type = 'tally' and event_type = 'note' and outcome = 'applied') as notes,
      (select count(distinct (event::json ->> 'about', event::json ->> 'what'))::int from j where type = 'tally' and event_type = 'note') as distinct,
      (select sum((context::json ->> 'notes')::int)::int from standing.actors where type = 'tally') as tallied`)
  const row = rows[0]
  if (row === undefined) throw new Error('unreachable: a count has one row')
  const once = (value: number, expected: number): { text: string; reached: boolean } => ({ text: `${expected}`, reached: value === expected })
  report.add('recovery.errands', row.errands, 'actors', once(row.errands, ERRANDS))
  report.add('recovery.finished', row.finished, 'steps', { text: `${ERRANDS}, each once`, reached: row.finished === ERRANDS && row.done === ERRANDS && row.facts === ERRANDS })
  report.add('recovery.timers', row.fired, 'fired', once(row.fired, ERRANDS))
  report.add('recovery.messages', row.notes, 'applied', { text: `${2 * ERRANDS}, each once`, reached: row.notes === 2 * ERRANDS && row.distinct === row.notes && row.tallied === row.notes })
  report.add('recovery.calls', target.keys.size, 'keys', once(target.keys.size, ERRANDS))
  report.add('recovery.calls.again', [...target.keys.values()].filter((times) => times > 1).length, 'keys')
  const left = await standing(client)
  report.add('recovery.left', left.calls + left.timers + left.messages, 'rows', once(left.calls + left.timers + left.messages, 0))
}

interface Target {
  url: string
  /** How often each key was seen. */
  keys: Map<string, number>
  /** Until then nobody is answered. */
  open(): void
  close(): void
}

/** The outside system: counts the keys, and takes its time. */
async function startTarget(): Promise<Target> {
  const keys = new Map<string, number>()
  let isOpen = false
  const waiting: (() => void)[] = []
  const server = createServer((request, response) => {
    request.resume()
    const answer = (): void => {
      const key = String(request.headers['idempotency-key'])
      keys.set(key, (keys.get(key) ?? 0) + 1)
      setTimeout(() => response.end('ok'), CALL_MS)
    }
    if (isOpen) answer()
    else waiting.push(answer)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    keys,
    open() {
      isOpen = true
      for (const answer of waiting.splice(0)) answer()
    },
    close() {
      server.closeAllConnections()
      server.close()
    },
  }
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, Math.max(0, ms)))
}
