/**
 * Routers that are provisioned by REST are looked at as soon as somebody's access begins or ends: their next look in turn would be
 * minutes too late. Found by a sweep (R10), by marks that differ whenever the accesses do; what is told twice costs one look.
 */
import type { Log, Runtime } from '../../runtime/index.ts'
import type { ProvisionedRouter } from '../ports/routers.ts'

export interface AccessFeedDeps {
  provisioned: () => Promise<readonly ProvisionedRouter[]>
  runtime: Pick<Runtime, 'sendMany'>
  log: Log
  /** Default 1 s. */
  sweepEveryMs?: number
}

export interface AccessFeed {
  start(): void
  stop(): Promise<void>
  /** Looks now; resolves when the routers that need it are told. */
  sweep(): Promise<void>
}

const SWEEP_EVERY_MS = 1_000

export function accessFeed({ provisioned, runtime, log, sweepEveryMs = SWEEP_EVERY_MS }: AccessFeedDeps): AccessFeed {
  const told = new Map<string, string>()
  let timer: NodeJS.Timeout | undefined
  let isRunning = false
  let working: Promise<void> = Promise.resolve()

  async function work(): Promise<void> {
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

  function sweep(): Promise<void> {
    working = working.then(work).catch((error: unknown) => log.error({ err: error }, 'routers could not be told of accesses; the next sweep comes back to it'))
    return working
  }

  function next(): void {
    if (!isRunning) return
    timer = setTimeout(() => void sweep().finally(next), sweepEveryMs)
    timer.unref()
  }

  return {
    start() {
      if (isRunning) return
      isRunning = true
      next()
    },
    async stop() {
      isRunning = false
      clearTimeout(timer)
      await working
    },
    sweep,
  }
}
