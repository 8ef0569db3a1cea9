/** Counts requests per key. In memory here; a shared one (several nodes) has the same face. */
export interface RatePolicy {
  /** Name in the RateLimit headers, such as `phone`. */
  name: string
  limit: number
  windowMs: number
}

export interface RateDecision {
  allowed: boolean
  remaining: number
  /** When one more would be allowed, or when the window is empty again. */
  resetMs: number
}

export interface RateLimiter {
  /** Counts one request, unless it is refused. */
  take(policy: RatePolicy, key: string): RateDecision | Promise<RateDecision>
}
