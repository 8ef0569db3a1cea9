/**
 * Answers "whose key is this?" without asking the database each time. A revoked key therefore works for at most
 * {@link KNOWN_MS} longer, on each node.
 */
import { LRUCache } from 'lru-cache'
import type { ApiKey, ApiKeys } from '../ports/api-keys.ts'
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
  /** Of a key that was shown before: whom it stands for now. Asked for what goes on for long. */
  stillStands(keyId: string): Promise<Principal | undefined>
}

export function keyCache(keys: ApiKeys, now: () => number = Date.now): KeyCache {
  const entries = new LRUCache<string, Entry>({ max: ENTRIES_MAX, perf: { now }, ttlResolution: 0 })
  const asking = new Map<string, Promise<Principal | undefined>>()
  const touched = new LRUCache<string, true>({ max: ENTRIES_MAX, ttl: TOUCH_EVERY_MS, perf: { now }, ttlResolution: 0 })

  async function ask(name: string, find: () => Promise<ApiKey | undefined>): Promise<Principal | undefined> {
    const found = await find()
    const principal = found === undefined ? undefined : principalOf(found)
    entries.set(name, { principal }, { ttl: principal === undefined ? UNKNOWN_MS : KNOWN_MS })
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

  function known(name: string, find: () => Promise<ApiKey | undefined>): Principal | undefined | Promise<Principal | undefined> {
    const entry = entries.get(name)
    if (entry !== undefined) return use(entry.principal)
    let answer = asking.get(name)
    if (answer === undefined) {
      answer = ask(name, find).finally(() => asking.delete(name))
      asking.set(name, answer)
    }
    return answer.then(use)
  }

  return {
    lookUp(key) {
      const hash = hashApiKey(key)
      return known(hash, () => keys.findByHash(hash))
    },
    async stillStands(keyId) {
      // A hash holds no colon.
      return await known(`id:${keyId}`, () => keys.findById(keyId))
    },
  }
}
