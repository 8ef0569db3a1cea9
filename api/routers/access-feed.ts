/**
 * Routers that are provisioned by REST are looked at as soon as somebody's access begins or ends: their next look in turn would be
 * minutes too late. Found by a sweep (R10), by marks that differ whenever the accesses do; what is told twice costs one look.
 */
import type { Log, Runtime } from '../../runtime/index.ts'
import type { ProvisionedRouter } from '../ports/routers.ts'
import { sweeps, type Sweeps } from '../sweeps.ts'

export interface AccessFeedDeps {
  provisioned: () => Promise<readonly ProvisionedRouter[]>
  runtime: Pick<Runtime, 'sendMany'>
  log: Log
  /** Default 1 s. */
  sweepEveryMs?: number
}

const SWEEP_EVERY_MS = 1_000

export function accessFeed({ provisioned, runtime, log, sweepEveryMs = SWEEP_EVERY_MS }: AccessFeedDeps): Sweeps {
  const told = new Map<string, string>()

  async function tell(): Promise<void> {
    const keyOf = ({ tenant, id }: ProvisionedRouter): string => `${tenant}/${id}`
    const due = (await provisioned()).filter((router) => told.get(keyOf(router)) !== router.mark)
    if (due.length === 0) return
    const results = await runtime.sendMany(
      due.map(({ tenant, id }) => ({ to: { tenant, type: 'router', id }, event: { type: 'router.poll', reason: 'accesses have begun or ended' } })),
      { source: 'access-feed' },
    )
    // One that is being looked at may have read them before they changed: it is told when it is free.
    for (const [index, router] of due.entries()) if (results[index]?.ok === true) told.set(keyOf(router), router.mark)
  }

  const work = (): Promise<void> => tell().catch((error: unknown) => log.error({ err: error }, 'routers could not be told of accesses; the next sweep comes back to it'))
  return sweeps(work, sweepEveryMs)
}
