/** Secrets to be shown once, in the memory of one node. */
import { LRUCache } from 'lru-cache'
import type { ShownOnce } from '../ports/shown-once.ts'

/** R9: the oldest go first; they are short-lived anyhow. */
const SECRETS_MAX = 10_000

export function memoryShownOnce(now: () => number = Date.now): ShownOnce {
  const secrets = new LRUCache<string, string>({ max: SECRETS_MAX, perf: { now }, ttlResolution: 0 })
  return {
    keep: async (name, secret, ttl) => void secrets.set(name, secret, { ttl }),
    async take(name) {
      const secret = secrets.get(name)
      secrets.delete(name)
      return secret
    },
  }
}
