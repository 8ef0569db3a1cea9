/**
 * The time that leases run on: the machine's own, however the engine's clock is moved. Monotonic, so that a process that was stopped
 * for a minute knows it when it goes on.
 */
export interface LeaseClock {
  now(): number
  /** Calls back once; the returned function cancels. A call that nobody waits for keeps no process alive. */
  after(ms: number, callback: () => void, isAwaited?: boolean): () => void
}

export const machineLeaseClock: LeaseClock = {
  now: () => performance.now(),
  after(ms, callback, isAwaited = false) {
    const timer = setTimeout(callback, ms)
    if (!isAwaited) timer.unref()
    return () => clearTimeout(timer)
  },
}
