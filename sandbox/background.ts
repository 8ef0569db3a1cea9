/**
 * Work that a stand-in does after it has answered: wait, call back, retry. All of it can be awaited
 * (tests wait for quiet instead of sleeping) and all of it ends when the stand-in stops.
 */
import { setMaxListeners } from 'node:events'
import { setTimeout as delay } from 'node:timers/promises'

export interface Background {
  /** Starts a task. If it throws, that is swallowed: what it does is recorded by the task itself. */
  run(task: () => Promise<void>): void
  /** Waits in real time; rejects when the stand-in stops. */
  wait(ms: number): Promise<void>
  /** Aborted when the stand-in stops. */
  readonly signal: AbortSignal
  /** Resolves when no task is running. */
  idle(): Promise<void>
  stop(): Promise<void>
}

export function createBackground(): Background {
  const stopping = new AbortController()
  const running = new Set<Promise<void>>()
  // Each waiting task listens; hundreds at once are usual in a load test and no leak.
  setMaxListeners(0, stopping.signal)

  async function idle(): Promise<void> {
    while (running.size > 0) await Promise.all(running)
  }

  return {
    signal: stopping.signal,
    run(task) {
      const done: Promise<void> = task().catch(() => undefined).finally(() => { running.delete(done) })
      running.add(done)
    },
    async wait(ms) {
      await delay(ms, undefined, { signal: stopping.signal })
    },
    idle,
    async stop() {
      stopping.abort()
      await idle()
    },
  }
}
