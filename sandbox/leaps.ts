/**
 * Turning the clock of the sandbox on. Routers report every few minutes, and a leap gives them no chance to: the played one reports when it is over,
 * and until then nobody is to be taken for silent.
 */
export interface Leaps {
  advance(ms: number): Promise<void>
  /** Until when routers could report: the beginning of a leap under way, else now. */
  reportedUntil: () => number
}

export function leapsOf(clock: { now(): number; advance(ms: number): Promise<void> }, report: () => Promise<void>): Leaps {
  const begins: number[] = []
  return {
    async advance(ms) {
      const begin = clock.now()
      begins.push(begin)
      try {
        await clock.advance(ms)
        await report()
      } finally {
        begins.splice(begins.indexOf(begin), 1)
      }
    },
    reportedUntil: () => Math.min(clock.now(), ...begins),
  }
}
