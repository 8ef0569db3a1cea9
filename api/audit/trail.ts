/**
 * Takes down who looked at what, behind the answers: in groups, as one insert is on its way the next gathers. While the database is away
 * entries wait; when no more can wait nobody is answered any more (R9), for what cannot be recorded must not be shown; of calls refused then
 * only their number is kept. A crash loses what was answered in the few milliseconds before it.
 */
import type { Log } from '../../runtime/index.ts'
import { Problem } from '../http/problem.ts'
import { understand } from '../http/understand.ts'
import type { AuditEntry, AuditLog } from '../ports/audit.ts'

const GROUP_MAX = 500
const WAITING_MAX = 20_000
const RETRY_MS = 1_000

export interface AuditTrail {
  /** @throws Problem `overloaded` when what is done now could not be taken down. */
  demandRoom(): void
  record(entry: Omit<AuditEntry, 'at'>): void
  /** Resolves when all is written; what cannot be is given up, and the log says how much. */
  stop(): Promise<void>
}

export interface AuditTrailDeps {
  audit: Pick<AuditLog, 'add'>
  log: Log
  /** The clock of the actors, so that the journal and the audit are of one time. */
  clock: () => number
  waitingMax?: number
  retryMs?: number
}

export function auditTrail({ audit, log, clock, waitingMax = WAITING_MAX, retryMs = RETRY_MS }: AuditTrailDeps): AuditTrail {
  let waiting: AuditEntry[] = []
  let writing: Promise<void> | undefined
  let retry: NodeJS.Timeout | undefined
  let isStopped = false
  let refusedUnheard = 0

  function pump(): void {
    if (retry === undefined) writing ??= drain().finally(() => (writing = undefined))
  }

  async function drain(): Promise<void> {
    while (waiting.length > 0) {
      const group = waiting.slice(0, GROUP_MAX)
      const left = await unwritten(group)
      waiting = [...left, ...waiting.slice(group.length)]
      if (left.length > 0) return later()
    }
    if (refusedUnheard > 0) log.warn({ calls: refusedUnheard }, 'calls were refused that the audit had no room for')
    refusedUnheard = 0
  }

  function later(): void {
    if (isStopped) return
    retry = setTimeout(() => {
      retry = undefined
      pump()
    }, retryMs)
    retry.unref()
  }

  /** What is to be tried again: all, while the database is out of reach. An entry that it refuses alone must not hold up the others. */
  async function unwritten(group: readonly AuditEntry[]): Promise<readonly AuditEntry[]> {
    let left = group
    for (let size = group.length; left.length > 0; ) {
      const part = left.slice(0, size)
      const error = await failureOf(part)
      if (error !== undefined && understand(error).code === 'overloaded') {
        log.warn({ err: error, entries: waiting.length }, 'the audit could not be written; it is tried again')
        return left
      }
      if (error !== undefined && part.length > 1) {
        size = 1
        continue
      }
      for (const { action, keyId, requestId } of error === undefined ? [] : part) log.error({ err: error, action, keyId, requestId }, 'an entry of the audit cannot be written')
      left = left.slice(size)
    }
    return []
  }

  async function failureOf(entries: readonly AuditEntry[]): Promise<unknown> {
    try {
      await audit.add(entries)
      return undefined
    } catch (error) {
      return error ?? new Error('unknown')
    }
  }

  return {
    demandRoom() {
      if (waiting.length >= waitingMax) throw new Problem('overloaded', 'What is read now could not be recorded; come back in a moment.')
    },
    record(entry) {
      // What was shown is taken down in any case; a refusal has shown nothing, and there may be any number of them.
      if (waiting.length >= waitingMax && entry.status !== null && entry.status >= 400) {
        refusedUnheard++
        return
      }
      waiting.push({ ...entry, at: clock() })
      pump()
    },
    async stop() {
      isStopped = true
      clearTimeout(retry)
      retry = undefined
      await writing
      if (waiting.length > 0) {
        pump()
        await writing
      }
      if (waiting.length > 0) log.error({ entries: waiting.length }, 'entries of the audit are lost: the database could not be written')
    },
  }
}
