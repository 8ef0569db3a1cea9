/**
 * Which behaviour a stand-in shows next. First those told for exactly this phone, then those told for any
 * phone, each used once, in the order told; then the phone's own magic number; then the default.
 */

export interface Scenarios<T> {
  /** Thrown: Error if too many are waiting. */
  next(behaviour: T, phone?: string): void
  setDefault(behaviour: T): void
  /** The behaviour for a request of this phone, taken off the queue. */
  take(phone: string, magic: T | undefined): T
  clear(): void
}

const WAITING_MAX = 1_000

/** Parts that a chosen behaviour leaves open come from the default. */
export function createScenarios<T extends object>(initial: T): Scenarios<T> {
  let fallback = initial
  let waiting: { phone: string | undefined; behaviour: T }[] = []

  return {
    next(behaviour, phone) {
      if (waiting.length >= WAITING_MAX) throw new Error(`${WAITING_MAX} scenarios are waiting already`)
      waiting.push({ phone: phone?.replace(/\D/g, ''), behaviour })
    },
    setDefault(behaviour) {
      fallback = { ...initial, ...behaviour }
    },
    take(phone, magic) {
      const forPhone = waiting.findIndex((entry) => entry.phone === phone)
      const index = forPhone >= 0 ? forPhone : waiting.findIndex((entry) => entry.phone === undefined)
      const [told] = index >= 0 ? waiting.splice(index, 1) : []
      return { ...fallback, ...(told?.behaviour ?? magic) }
    },
    clear() {
      waiting = []
      fallback = initial
    },
  }
}
