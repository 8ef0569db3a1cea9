/**
 * Sliding window in memory: the count of this window plus the part of the one before that still overlaps. Two
 * numbers a key, whatever the limit; off by a few requests at most when they come in bursts.
 */
import { LRUCache } from 'lru-cache'
import { Problem } from './http/problem.ts'
import type { RateDecision, RateLimiter, RatePolicy } from './ports/rate-limiter.ts'

/** Keys beyond this push out those that were quiet for longest. */
const KEYS_MAX = 50_000

interface Window {
  index: number
  count: number
  previous: number
}

export function memoryRateLimiter(now: () => number = Date.now): RateLimiter {
  const windows = new LRUCache<string, Window>({ max: KEYS_MAX })
  return {
    take({ name, limit, windowMs }, key) {
      const at = now()
      const index = Math.floor(at / windowMs)
      const window = roll(windows.get(`${name}\0${key}`), index)
      windows.set(`${name}\0${key}`, window)
      const decision = decide(window, limit, windowMs, at - index * windowMs)
      if (decision.allowed) window.count++
      return decision
    },
  }
}

/** Whether one more fits, by the counts of this window and of the one before. */
export function decide(window: { count: number; previous: number }, limit: number, windowMs: number, elapsed: number): RateDecision {
  const used = window.count + window.previous * (1 - elapsed / windowMs)
  if (used + 1 > limit) return { allowed: false, remaining: 0, resetMs: waitFor(window, limit, windowMs, elapsed) }
  return { allowed: true, remaining: Math.floor(limit - used - 1), resetMs: windowMs - elapsed }
}

function roll(window: Window | undefined, index: number): Window {
  if (window === undefined || window.index < index - 1) return { index, count: 0, previous: 0 }
  return window.index === index ? window : { index, count: 0, previous: window.count }
}

/** When `used + 1` fits again: in this window as the one before fades, else in the next as this one fades. */
function waitFor({ count, previous }: { count: number; previous: number }, limit: number, windowMs: number, elapsed: number): number {
  if (count + 1 <= limit && previous > 0) {
    const share = (limit - 1 - count) / previous
    return Math.ceil(Math.max(0, windowMs * (1 - share) - elapsed))
  }
  const share = (limit - 1) / count
  return Math.ceil(windowMs - elapsed + windowMs * Math.max(0, 1 - share))
}

/** The headers of the IETF draft; told on success too, so that a client can slow down in time. */
function rateHeaders(policy: RatePolicy, decision: RateDecision): Record<string, string> {
  const reset = Math.ceil(decision.resetMs / 1_000)
  return {
    'ratelimit-policy': `"${policy.name}";q=${policy.limit};w=${Math.round(policy.windowMs / 1_000)}`,
    ratelimit: `"${policy.name}";r=${decision.remaining};t=${reset}`,
  }
}

/** @throws Problem `rate-limited` */
export async function demandRate(limiter: RateLimiter, policy: RatePolicy, key: string): Promise<Record<string, string>> {
  const decision = await limiter.take(policy, key)
  const headers = rateHeaders(policy, decision)
  if (decision.allowed) return headers
  throw new Problem('rate-limited', `Too many requests for this ${policy.name}.`, { retryAfterMs: decision.resetMs, headers })
}
