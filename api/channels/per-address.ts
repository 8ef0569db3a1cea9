/** R9: how many connections each address holds, so that one caller does not take all there are. */

export interface PerAddress {
  /** False when the address holds as many as it may. Whatever was taken is to be given back once. */
  take(ip: string): boolean
  giveBack(ip: string): void
}

export function perAddress(max: number): PerAddress {
  const held = new Map<string, number>()
  return {
    take(ip) {
      const now = held.get(ip) ?? 0
      if (now >= max) return false
      held.set(ip, now + 1)
      return true
    },
    giveBack(ip) {
      const left = (held.get(ip) ?? 0) - 1
      if (left > 0) held.set(ip, left)
      else held.delete(ip)
    },
  }
}
