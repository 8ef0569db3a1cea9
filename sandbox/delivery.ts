/** POSTs that a stand-in makes to the system: callbacks and delivery reports, tried a few times like the real ones. */
import pRetry from 'p-retry'
import { request } from 'undici'

export interface DeliveryRules {
  /** Tries in all. Default 4. Safaricom's own policy is not published and sources contradict each other. */
  attemptsMax?: number
  /** Pause before the second try; doubles each time. Default 1,000 ms. */
  retryAfterMs?: number
  /** For the answer to one try, to the second. Default 10 s. */
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
    const timeoutMs = rules.timeoutMs ?? 10_000
    // Node's own `fetch` costs three times as much, and in a load test this is what the stand-ins spend their time with.
    const { statusCode, body } = await request(post.url, { method: 'POST', headers: { 'content-type': post.contentType }, body: post.body, signal, headersTimeout: timeoutMs, bodyTimeout: timeoutMs })
    await body.dump()
    delivery.httpStatus = statusCode
    if (statusCode < 200 || statusCode > 299) throw new Error(`answered with HTTP ${statusCode}`)
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
