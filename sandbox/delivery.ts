/** POSTs that a stand-in makes to the system: callbacks and delivery reports, tried a few times like the real ones. */
import pRetry from 'p-retry'

export interface DeliveryRules {
  /** Tries in all. Default 4. Safaricom's own policy is not published and sources contradict each other. */
  attemptsMax?: number
  /** Pause before the second try; doubles each time. Default 1,000 ms. */
  retryAfterMs?: number
  /** For one try. Default 10 s. */
  timeoutMs?: number
}

/** `httpStatus` is the last HTTP status, `error` the last failure to get one. Delivered if it is 2xx. */
export interface Delivery {
  attempts: number
  httpStatus?: number
  error?: string
}

export interface Post {
  url: string
  contentType: string
  body: string
}

/** Never throws; ends early when `signal` is aborted. */
export async function deliver(post: Post, rules: DeliveryRules, signal: AbortSignal): Promise<Delivery> {
  const delivery: Delivery = { attempts: 0 }
  const tryOnce = async () => {
    delivery.attempts += 1
    delete delivery.error
    delete delivery.httpStatus
    const response = await fetch(post.url, {
      method: 'POST',
      redirect: 'manual',
      headers: { 'content-type': post.contentType },
      body: post.body,
      signal: AbortSignal.any([signal, AbortSignal.timeout(rules.timeoutMs ?? 10_000)]),
    })
    await response.arrayBuffer()
    delivery.httpStatus = response.status
    if (!response.ok) throw new Error(`answered with HTTP ${response.status}`)
  }
  try {
    await pRetry(tryOnce, { retries: (rules.attemptsMax ?? 4) - 1, minTimeout: rules.retryAfterMs ?? 1_000, factor: 2, signal })
  } catch (error) {
    if (delivery.httpStatus === undefined) delivery.error = describe(error)
  }
  return delivery
}

function describe(error: unknown): string {
  if (!(error instanceof Error)) return 'unknown failure'
  const cause = error.cause instanceof Error ? error.cause : error
  return 'code' in cause && typeof cause.code === 'string' ? cause.code : cause.message
}
