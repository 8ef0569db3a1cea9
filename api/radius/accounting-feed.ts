/**
 * Brings what RADIUS accounting has counted to the actors it is about. FreeRADIUS writes into the database by itself, so nobody
 * calls us: the changes are found by a sweep (R10). What is told is the whole of it under its version, so that telling it twice, or
 * late, changes nothing (R3). A router that is back is news of those who are online there and whose calls wait for it.
 */
import { StandingError, type BatchItemResult, type Log, type Runtime } from '../../runtime/index.ts'
import type { AccountChange, RadiusAccounting } from '../ports/radius.ts'
import { sweeps, type Sweeps } from '../sweeps.ts'

export interface AccountingFeedDeps {
  accounting: Pick<RadiusAccounting, 'askAgain' | 'changes' | 'markTold' | 'closeStale'>
  runtime: Pick<Runtime, 'sendMany'>
  log: Log
  /** The clock that routers report by: in the sandbox that of the actors, which may leap. */
  clock: () => number
  /** Default 1 s. */
  sweepEveryMs?: number
  /** A login that its router has not spoken of for so long is taken for closed. Default 20 min: four reports missed. */
  staleAfterMs?: number
}

const GROUP_MAX = 500
const SWEEP_EVERY_MS = 1_000
const STALE_AFTER_MS = 20 * 60_000
const CLOSE_STALE_EVERY_MS = 60_000

type Told = Omit<AccountChange, 'about'> & { about: NonNullable<AccountChange['about']> }

export function accountingFeed({ accounting, runtime, log, clock, sweepEveryMs = SWEEP_EVERY_MS, staleAfterMs = STALE_AFTER_MS }: AccountingFeedDeps): Sweeps {
  let lookedAt = -Infinity

  async function work(): Promise<void> {
    const now = clock()
    try {
      if (now - lookedAt >= CLOSE_STALE_EVERY_MS) {
        lookedAt = now
        const closed = await accounting.closeStale(staleAfterMs, now)
        if (closed > 0) log.info({ closed }, 'logins whose router has fallen silent are taken for closed')
      }
      const waiting = await accounting.askAgain()
      if (waiting > 0) log.info({ users: waiting }, 'a router is back; what waits for it is asked again')
      while (await tellSome()) continue
    } catch (error) {
      log.error({ err: error }, 'accounting could not be told; the next sweep comes back to it')
    }
  }

  /** Whether there may be more. */
  async function tellSome(): Promise<boolean> {
    const changes = await accounting.changes(GROUP_MAX)
    const told = changes.filter((change): change is Told => change.about !== undefined)
    const results = told.length === 0 ? [] : await runtime.sendMany(told.map(itemOf), { source: 'radius' })
    const open = told.filter((_, index) => !isSettled(results[index]))
    if (open.length > 0) log.warn({ users: open.length }, 'accounting was not taken; it is told again')
    await accounting.markTold(changes.filter((change) => !open.includes(change as Told)))
    return changes.length === GROUP_MAX
  }

  return sweeps(work, sweepEveryMs)
}

function itemOf({ username, version, isRouterBack, about, online, uploadBytes, downloadBytes, logins }: Told) {
  return {
    to: about,
    event: { type: EVENTS[about.type] ?? `${about.type}.account`, revision: version, online, uploadBytes, downloadBytes, logins, ...(isRouterBack ? { routerBack: true } : {}) },
    eventId: `radius:${username}:${version}`,
  }
}

/** What each type of actor calls it. */
const EVENTS: Readonly<Record<string, string>> = { 'hotspot-session': 'session.account' }

/** What the actor will never take is settled, too; only what may go better another time is told again. */
const ANOTHER_TIME: ReadonlySet<string> = new Set(['overloaded', 'actor-blocked', 'invalid-state'])

function isSettled(result: BatchItemResult | undefined): boolean {
  if (result === undefined) return false
  if (result.ok) return true
  return result.error instanceof StandingError && !ANOTHER_TIME.has(result.error.code)
}
