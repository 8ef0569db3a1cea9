import { setTimeout as sleep } from 'node:timers/promises'

/** Resolves after the time, or at once when the signal ends it: who waits looks at the signal itself. */
export async function pause(ms: number, signal: AbortSignal): Promise<void> {
  try {
    await sleep(ms, undefined, { signal })
  } catch {
    // Ended early.
  }
}

export function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve()
    else signal.addEventListener('abort', () => resolve(), { once: true })
  })
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
