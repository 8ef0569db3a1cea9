/**
 * Answers "whose key is this?" without asking the database each time. A revoked key therefore works for at most
 * {@link KNOWN_MS} longer, on each node.
 */
import { LRUCache } from 'lru-cache'
import type { ApiKeys } from '../ports/api-keys.ts'
import { hashApiKey } from './api-key.ts'
import { principalOf, type Principal } from './principal.ts'

const KNOWN_MS = 10_000
/** Short, so that a key works soon after it is made; long enough that guessing does not become database load. */
const UNKNOWN_MS = 2_000
const ENTRIES_MAX = 10_000
const TOUCH_EVERY_MS = 60_000

type Entry = { principal: Principal | undefined }

export interface KeyCache {
  /** The principal, `undefined` for an unknown key; a promise only when the database must be asked. */
  lookUp(key: string): Principal | undefined | Promise<Principal | undefined>
}

export function keyCache(keys: ApiKeys, now: () => number = Date.now): KeyCache {
  const entries = new LRUCache<string, Entry>({ max: ENTRIES_MAX, perf: { now }, ttlResolution: 0 })
  const asking = new Map<string, Promise<Principal | undefined>>()
  const touched = new LRUCache<string, true>({ max: ENTRIES_MAX, ttl: TOUCH_EVERY_MS, perf: { now }, ttlResolution: 0 })

  async function ask(hash: string): Promise<Principal | undefined> {
    const found = await keys.findByHash(hash)
    const principal = found === undefined ? undefined : principalOf(found)
    entries.set(hash, { principal }, { ttl: principal === undefined ? UNKNOWN_MS : KNOWN_MS })
    return principal
  }

  function use(principal: Principal | undefined): Principal | undefined {
    if (principal === undefined || (principal.expiresAt !== null && principal.expiresAt <= now())) return undefined
    if (!touched.has(principal.keyId)) {
      touched.set(principal.keyId, true)
      // Only a stamp for people to see; a failure is not worth a request.
      keys.touch(principal.keyId, now()).catch(() => undefined)
    }
    return principal
  }

  return {
    lookUp(key) {
      const hash = hashApiKey(key)
      const known = entries.get(hash)
      if (known !== undefined) return use(known.principal)
      let answer = asking.get(hash)
      if (answer === undefined) {
        answer = ask(hash).finally(() => asking.delete(hash))
        asking.set(hash, answer)
      }
      return answer.then(use)
    },
  }
}
