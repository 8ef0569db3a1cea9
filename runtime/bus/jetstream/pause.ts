import { setMaxListeners } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'

/** Resolves after the time, or at once when the signal ends it: who waits looks at the signal itself. */
export async function pause(ms: number, signal: AbortSignal): Promise<void> {
  try {
    await sleep(ms, undefined, { signal })
  } catch {
    // Ended early.
  }
}

/** What the work gives, or undefined as soon as the signal comes; the work goes on then. */
export async function orAborted<T>(signal: AbortSignal, work: Promise<T>): Promise<T | undefined> {
  let stop = (): void => {}
  const aborted = new Promise<undefined>((resolve) => (stop = () => resolve(undefined)))
  signal.addEventListener('abort', stop, { once: true })
  if (signal.aborted) stop()
  try {
    return await Promise.race([work, aborted])
  } finally {
    // A signal may live for weeks, and waits be many.
    signal.removeEventListener('abort', stop)
  }
}

/** A signal for any number of waits at once; Node takes more than ten for a leak. */
export function widelyHeard(): AbortController {
  const controller = new AbortController()
  setMaxListeners(0, controller.signal)
  return controller
}

/** Resolves when the work has, or after the time. */
export async function atMost(ms: number, work: Promise<unknown>): Promise<void> {
  const enough = new AbortController()
  try {
    await Promise.race([work, pause(ms, enough.signal)])
  } finally {
    enough.abort()
  }
}
