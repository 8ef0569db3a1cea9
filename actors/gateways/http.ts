/**
 * One HTTP call to an outside system, with the bounds that every gateway needs: a deadline over headers
 * and body, a cap on the body, no redirects (they would carry our credentials elsewhere), and an honest
 * verdict when no answer came back: was the request certainly not taken, or is that unknown?
 *
 * Any HTTP status is an answer here; what it means is for the gateway to say.
 */
import type { IncomingHttpHeaders } from 'node:http'
import { Agent, request as send } from 'undici'
import type { Dispatcher } from 'undici'
import { GatewayError } from './errors.ts'

export interface HttpRequest {
  method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  url: string
  /** Named in errors in place of the URL, which may hold secrets. */
  label: string
  headers?: Readonly<Record<string, string>>
  body?: string
  timeoutMs: number
  /** Cancels the call on behalf of the caller. */
  signal?: AbortSignal | undefined
  /** True if making the call twice does no harm. A lost answer is then retryable instead of uncertain. */
  isRepeatable: boolean
  /** Default 1 MiB. */
  bodyBytesMax?: number
}

export interface HttpAnswer {
  status: number
  headers: IncomingHttpHeaders
  text: string
  /** The parsed body, or undefined if it is not JSON whatever its content type says. */
  json: unknown
}

const BODY_BYTES_MAX = 1024 * 1024

/** Node's own `fetch` is built on the same client and costs three times as much. Each call brings its own deadline. */
const connections = new Agent({ headersTimeout: 0, bodyTimeout: 0 })

/** Pause before a repeatable call is made again after a connection problem. */
const CONNECTION_RETRY_MS = 2_000

/** Codes of failures that happen before a single byte of the request has left. */
const NEVER_SENT = new Set(['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'EHOSTUNREACH', 'ENETUNREACH', 'UND_ERR_CONNECT_TIMEOUT'])

/**
 * Thrown: `GatewayError` with code `timeout`, `aborted`, `connection-failed` (never sent), `connection-lost`
 * or `answer-too-large`. All but `connection-failed` are uncertain unless the request is repeatable.
 */
export async function sendHttp(request: HttpRequest): Promise<HttpAnswer> {
  if (request.signal?.aborted === true) {
    throw new GatewayError('aborted', `${request.label}: cancelled before it was sent`, { retryable: true })
  }
  const stop = new AbortController()
  // A timer of our own: AbortSignal.any() over AbortSignal.timeout() can be collected before it fires on Node 20.
  const timer = setTimeout(() => { stop.abort('timeout') }, request.timeoutMs)
  const cancel = () => { stop.abort('aborted') }
  request.signal?.addEventListener('abort', cancel, { once: true })
  try {
    const { statusCode, headers, body } = await send(request.url, {
      dispatcher: connections,
      method: request.method,
      signal: stop.signal,
      ...(request.headers === undefined ? {} : { headers: request.headers }),
      ...(request.body === undefined ? {} : { body: request.body }),
    })
    const text = await readBody(body, request.bodyBytesMax ?? BODY_BYTES_MAX)
    return { status: statusCode, headers, text, json: parseJson(text) }
  } catch (error) {
    throw toGatewayError(error, request, stop.signal)
  } finally {
    clearTimeout(timer)
    request.signal?.removeEventListener('abort', cancel)
  }
}

/** The JSON value of a text, or undefined. Tolerates a byte order mark. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text.replace(/^\uFEFF/, '')) as unknown
  } catch {
    return undefined
  }
}

/** `Retry-After` in milliseconds if it is given in seconds; its date form depends on two clocks agreeing and is ignored. */
export function retryAfterMs(headers: IncomingHttpHeaders): number | undefined {
  const seconds = headers['retry-after']?.trim() ?? ''
  return /^\d{1,6}$/.test(seconds) ? Number(seconds) * 1000 : undefined
}

/** The address of an endpoint under a configured base URL, with or without its trailing slash. */
export function endpointUrl(baseUrl: string, path: string): string {
  return `${baseUrl.replace(/\/+$/, '')}${path}`
}

class AnswerTooLarge extends Error {
  override readonly name = 'AnswerTooLarge'
}

async function readBody(body: Dispatcher.ResponseData['body'], bytesMax: number): Promise<string> {
  const chunks: Uint8Array[] = []
  let bytes = 0
  for await (const chunk of body as AsyncIterable<Uint8Array>) {
    bytes += chunk.byteLength
    if (bytes > bytesMax) throw new AnswerTooLarge(`over ${bytesMax} bytes`)
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString('utf8')
}

function toGatewayError(error: unknown, request: HttpRequest, stopped: AbortSignal): GatewayError {
  const uncertain = !request.isRepeatable
  const fate = { uncertain, retryable: !uncertain, retryAfterMs: CONNECTION_RETRY_MS }
  const reason: unknown = stopped.aborted ? stopped.reason : undefined
  if (reason === 'timeout') {
    return new GatewayError('timeout', `${request.label}: no answer within ${request.timeoutMs} ms`, fate)
  }
  if (reason === 'aborted') return new GatewayError('aborted', `${request.label}: cancelled while waiting for the answer`, fate)
  if (error instanceof AnswerTooLarge) {
    return new GatewayError('answer-too-large', `${request.label}: the answer is ${error.message}`, { uncertain, retryable: false })
  }
  const systemCode = systemCodeOf(error)
  const detail = systemCode === undefined ? {} : { systemCode }
  if (systemCode !== undefined && NEVER_SENT.has(systemCode)) {
    return new GatewayError('connection-failed', `${request.label}: cannot connect (${systemCode})`, {
      retryable: true, retryAfterMs: CONNECTION_RETRY_MS, detail,
    })
  }
  return new GatewayError('connection-lost', `${request.label}: the connection broke (${systemCode ?? 'unknown reason'})`, { ...fate, detail })
}

/** The system's code, which may be hidden in the cause, or in the parts of an AggregateError. */
function systemCodeOf(error: unknown): string | undefined {
  for (let current: unknown = error, depth = 0; current instanceof Error && depth < 5; depth += 1) {
    if ('code' in current && typeof current.code === 'string') return current.code
    current = current instanceof AggregateError && current.errors.length > 0 ? (current.errors[0] as unknown) : current.cause
  }
  return undefined
}
