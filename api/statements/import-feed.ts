/**
 * The days of a statement that was imported are matched with the ledger: its reconciliation is asked to. Found by a sweep (R10), in rows that
 * were written with the statement; asked under an id of its own, so that asking twice is asking once (R3).
 */
import { makeOnce, reconciliationOf } from '../../actors/reconciliation/looking.ts'
import type { Log, Runtime } from '../../runtime/index.ts'
import type { ImportedStatement, Statements } from '../ports/statements.ts'
import { sweeps, type Sweeps } from '../sweeps.ts'

export interface ImportFeedDeps {
  statements: Pick<Statements, 'imported' | 'forgetImported'>
  runtime: Pick<Runtime, 'get' | 'create' | 'send'>
  log: Log
  /** Default 5 s: whoever imports need not wait for it. */
  sweepEveryMs?: number
}

const SWEEP_EVERY_MS = 5_000
/** R9. */
const AT_ONCE = 100

export function importFeed({ statements, runtime, log, sweepEveryMs = SWEEP_EVERY_MS }: ImportFeedDeps): Sweeps {
  async function ask({ id, tenant, from, until }: ImportedStatement): Promise<void> {
    const to = reconciliationOf(tenant)
    await makeOnce(runtime, to, false)
    const event = { type: 'reconciliation.match', from: new Date(from).toISOString(), until: new Date(until).toISOString(), reason: 'a statement was imported' }
    await runtime.send(to, event, { source: 'import-feed', eventId: `imported-${id}` })
    await statements.forgetImported(id)
  }

  async function askAll(): Promise<void> {
    // One that is refused holds up none of the others.
    for (const one of await statements.imported(AT_ONCE)) {
      await ask(one).catch((error: unknown) => log.warn({ err: error, statement: one.id }, 'a match of an imported statement could not be asked for; the next sweep comes back to it'))
    }
  }

  return sweeps(() => askAll().catch((error: unknown) => log.error({ err: error }, 'imported statements could not be read; the next sweep comes back to it')), sweepEveryMs)
}
