/**
 * Makes a call once per key within this process, for outside systems that know no idempotency key of
 * their own (Daraja's STK push, Africa's Talking). The engine may run an effect again with the same key
 * (R5): after an answer it gets that answer again, while a call is in flight it joins it, and after an
 * uncertain failure it gets the same failure instead of a second prompt or a second SMS.
 *
 * Not durable: after a crash the ledger is empty, and what the outside system took is then unknown.
 */
import { LRUCache } from 'lru-cache'
import { isGatewayError } from './errors.ts'

export interface CallLedger<T extends object> {
  run(key: string, call: () => Promise<T>): Promise<T>
}

/** `keysMax` bounds the memory (R9); the keys used longest ago are forgotten first. */
export function createCallLedger<T extends object>(keysMax = 10_000): CallLedger<T> {
  const calls = new LRUCache<string, Promise<T>>({ max: keysMax })
  return {
    run(key, call) {
      const known = calls.get(key)
      if (known !== undefined) return known
      const made = call()
      calls.set(key, made)
      made.catch((error: unknown) => {
        // Certainly not taken: the next attempt with this key is a real one.
        if (!(isGatewayError(error) && error.uncertain) && calls.get(key) === made) calls.delete(key)
      })
      return made
    },
  }
}
