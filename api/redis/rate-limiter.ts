/**
 * The sliding window of rate-limit.ts with its numbers in Redis, so that all nodes count together. While Redis is away each node
 * counts alone: a limit that is a few times too wide is better than nobody being served.
 */
import { createHmac } from 'node:crypto'
import type { RateDecision, RateLimiter, RatePolicy } from '../ports/rate-limiter.ts'
import { decide } from '../rate-limit.ts'
import type { RedisLink } from './client.ts'

/** Counts, unless that would be one too many. One step, so that two nodes cannot both take the last one. */
const TAKE = `
local count = tonumber(redis.call('get', KEYS[1]) or '0')
local previous = tonumber(redis.call('get', KEYS[2]) or '0')
local used = count + previous * (1 - ARGV[2] / ARGV[3])
if used + 1 <= tonumber(ARGV[1]) then
  redis.call('incr', KEYS[1])
  redis.call('pexpire', KEYS[1], 2 * ARGV[3])
end
return {count, previous}
`

export interface RedisRateLimiterOptions {
  link: RedisLink
  /** Phones and addresses stand in Redis as keyed hashes only. */
  appKey: string
  /** Used while Redis is away. */
  alone: RateLimiter
  now?: () => number
}

export function redisRateLimiter({ link, appKey, alone, now = Date.now }: RedisRateLimiterOptions): RateLimiter {
  async function together({ name, limit, windowMs }: RatePolicy, key: string): Promise<RateDecision> {
    const at = now()
    const index = Math.floor(at / windowMs)
    const elapsed = at - index * windowMs
    const hash = createHmac('sha256', appKey).update(`rate\0${name}\0${windowMs}\0${key}`).digest('base64url')
    // The braces keep both numbers on one node of a Redis cluster.
    const keys = [index, index - 1].map((window) => `standing:rate:{${hash}}:${window}`)
    const [count = 0, previous = 0] = (await link.redis.eval(TAKE, 2, ...keys, limit, elapsed, windowMs)) as number[]
    return decide({ count, previous }, limit, windowMs, elapsed)
  }

  return {
    async take(policy, key) {
      if (link.problem() !== undefined) return alone.take(policy, key)
      try {
        return await together(policy, key)
      } catch {
        return alone.take(policy, key)
      }
    },
  }
}
