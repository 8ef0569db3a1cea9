/**
 * The access token: fetched once for all who wait (single flight), kept until shortly before it expires,
 * and given up when Daraja refuses it.
 *
 * O1. At most one fetch is under way, whatever the number of callers.
 * O2. A caller that gives up does not cancel the fetch for the others.
 * O3. A refusal of an old token does not throw away a newer one, so fifty calls that fail together
 *     cause one refresh, not fifty.
 */
import { z } from 'zod'
import { GatewayError } from '../errors.ts'
import { endpointUrl, sendHttp, type HttpAnswer } from '../http.ts'
import { darajaError } from './errors.ts'

export interface TokenSource {
  /** Thrown: `GatewayError`, never uncertain: without a token nothing else was sent. */
  get(signal?: AbortSignal): Promise<string>
  /** Tells that Daraja refused this token; the next `get` fetches a new one unless that has happened already. */
  giveUp(token: string): void
}

export interface TokenSourceOptions {
  baseUrl: string
  consumerKey: string
  consumerSecret: string
  /** Milliseconds since the epoch. */
  clock: () => number
  timeoutMs: number
  /** A token is replaced this long before it expires (at most half its life), so that it does not expire on the way. */
  refreshEarlyMs: number
}

/** `expires_in` is text in Daraja's answers and a number in its documents. */
const tokenAnswer = z.object({ access_token: z.string().min(1), expires_in: z.union([z.string(), z.number()]).optional() })

/** Life of a token whose `expires_in` cannot be read: short, but not a fetch per call. */
const UNKNOWN_LIFE_MS = 60_000

interface Token {
  value: string
  refreshAtMs: number
}

export function createTokenSource(options: TokenSourceOptions): TokenSource {
  let token: Token | undefined
  let fetching: Promise<Token> | undefined

  const fetchOnce = (): Promise<Token> => {
    fetching ??= fetchToken(options).then((fresh) => (token = fresh)).finally(() => { fetching = undefined })
    return fetching
  }

  return {
    async get(signal) {
      if (token !== undefined && options.clock() < token.refreshAtMs) return token.value
      const fresh = fetchOnce()
      return (await (signal === undefined ? fresh : untilAborted(fresh, signal))).value
    },
    giveUp(refused) {
      if (token?.value === refused) token = undefined
    },
  }
}

async function fetchToken(options: TokenSourceOptions): Promise<Token> {
  const basic = Buffer.from(`${options.consumerKey}:${options.consumerSecret}`).toString('base64')
  const askedAtMs = options.clock()
  const answer = await sendHttp({
    method: 'GET',
    url: endpointUrl(options.baseUrl, '/oauth/v1/generate?grant_type=client_credentials'),
    label: 'M-Pesa token',
    headers: { authorization: `Basic ${basic}`, accept: 'application/json' },
    timeoutMs: options.timeoutMs,
    isRepeatable: true,
  })
  const parsed = readToken(answer)
  if (parsed === undefined) throw darajaError('oauth', answer, [basic, options.consumerKey, options.consumerSecret])
  const earlyMs = Math.min(options.refreshEarlyMs, parsed.lifeMs / 2)
  return { value: parsed.value, refreshAtMs: askedAtMs + parsed.lifeMs - earlyMs }
}

function readToken(answer: HttpAnswer): { value: string; lifeMs: number } | undefined {
  const parsed = answer.status === 200 ? tokenAnswer.safeParse(answer.json) : undefined
  if (parsed?.success !== true) return undefined
  const seconds = Number(parsed.data.expires_in)
  return { value: parsed.data.access_token, lifeMs: seconds > 0 ? seconds * 1000 : UNKNOWN_LIFE_MS }
}

/** Settles as the promise does, unless the caller gives up first; the promise itself goes on (O2). */
async function untilAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  let stop: (() => void) | undefined
  const aborted = new Promise<never>((_resolve, reject) => {
    stop = () => { reject(new GatewayError('aborted', 'M-Pesa token: cancelled while waiting', { retryable: true })) }
    if (signal.aborted) stop()
    else signal.addEventListener('abort', stop, { once: true })
  })
  try {
    return await Promise.race([promise, aborted])
  } finally {
    if (stop !== undefined) signal.removeEventListener('abort', stop)
  }
}
