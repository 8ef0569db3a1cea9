/**
 * Remembers who did not answer, and for as long as they have kept us waiting takes their next silence for granted. One dead router
 * then does not hold up a lane full of calls to it, each through all of its waits.
 */
export interface SilenceMemory {
  /** Whether it fell silent so shortly ago that asking is pointless. */
  isSilent(who: string): boolean
  fellSilent(who: string, waitedMs: number): void
  answered(who: string): void
}

/** R9: those that fell silent first are forgotten first. */
const REMEMBERED_MAX = 10_000

/** @param now a clock of the machine: sockets live in its time, whatever the actors' clock says */
export function silenceMemory(now: () => number = () => performance.now()): SilenceMemory {
  const until = new Map<string, number>()
  return {
    isSilent: (who) => (until.get(who) ?? 0) > now(),
    fellSilent(who, waitedMs) {
      until.delete(who)
      until.set(who, now() + waitedMs)
      const [oldest] = until.keys()
      if (until.size > REMEMBERED_MAX && oldest !== undefined) until.delete(oldest)
    },
    answered: (who) => void until.delete(who),
  }
}
