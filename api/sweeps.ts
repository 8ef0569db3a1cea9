/** Looks for work now and then, one look at a time (R10). */
export interface Sweeps {
  start(): void
  /** Resolves when nothing is in work any more. */
  stop(): Promise<void>
  /** Looks now; resolves when what there was is done. */
  sweep(): Promise<void>
}

/** @param work one look. Must not throw: whoever looks again in a moment tells of its failures itself. */
export function sweeps(work: () => Promise<void>, everyMs: number): Sweeps {
  let isRunning = false
  let timer: NodeJS.Timeout | undefined
  let working: Promise<void> | undefined

  async function sweep(): Promise<void> {
    // One that is under way may have looked before the change that the caller means.
    await working
    working ??= work().finally(() => (working = undefined))
    await working
  }

  function next(): void {
    if (!isRunning) return
    timer = setTimeout(() => void sweep().finally(next), everyMs)
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
