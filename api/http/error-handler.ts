/** Turns everything that is thrown while a request is served into a problem. Never a stack, never a path of ours. */
import { STATUS_CODES } from 'node:http'
import type { FastifyBaseLogger, FastifyError, FastifyReply, FastifyRequest } from 'fastify'
import { ERROR_CODES, StandingError, StoreUnavailableError } from '../../runtime/index.ts'
import { PROBLEM_CONTENT_TYPE, PROBLEM_STATUS, Problem, problemBody, retryAfterSeconds, type ProblemBody, type ProblemCode, type ProblemDetails } from './problem.ts'
import { redactUrl } from './redact-url.ts'

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Code for a body that does not fit, where it is not `invalid-input`. */
    bodyProblem?: 'invalid-event'
  }
}

interface Answer {
  body: ProblemBody
  headers: Record<string, string>
}

/** How long to wait when the engine says nothing more exact. */
const DEFAULT_RETRY_MS = 1_000
/** An outage seldom ends within a second. */
const OUTAGE_RETRY_MS = 2_000

/** Fastify's own refusals, in our words. */
const FRAMEWORK_CODES: Readonly<Record<string, { code: ProblemCode; detail?: string }>> = {
  FST_ERR_CTP_BODY_TOO_LARGE: { code: 'payload-too-large', detail: 'The body is larger than this address takes.' },
  FST_ERR_CTP_INVALID_MEDIA_TYPE: { code: 'unsupported-media-type', detail: 'Send the body as application/json.' },
  FST_ERR_CTP_INVALID_JSON_BODY: { code: 'invalid-input', detail: 'The body is not valid JSON.' },
  FST_ERR_CTP_EMPTY_JSON_BODY: { code: 'invalid-input', detail: 'The body is empty; a JSON object is expected.' },
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: { code: 'invalid-input', detail: 'The body is not as long as Content-Length says.' },
  FST_ERR_BAD_URL: { code: 'route-not-found', detail: 'The address is not well-formed.' },
  FST_ERR_MAX_PARAM_LENGTH: { code: 'route-not-found', detail: 'A part of the address is too long.' },
}

export function errorHandler(error: FastifyError, request: FastifyRequest, reply: FastifyReply): void {
  const answer = answerOf(error, request)
  if (answer.body.status >= 500 && answer.body.code !== 'overloaded' && answer.body.code !== 'not-ready') logFailure(request.log, error, request, answer.body)
  void reply.code(answer.body.status).headers(answer.headers).type(PROBLEM_CONTENT_TYPE).serializer(JSON.stringify).send(answer.body)
}

/** One item of a batch that failed: the same problem as it would have been alone. */
export function problemOf(error: unknown, request: FastifyRequest): ProblemBody {
  return answerOf(error, request).body
}

function answerOf(error: unknown, request: FastifyRequest): Answer {
  const about = { instance: redactUrl(request.url), traceId: request.id }
  const { code, detail, details } = understand(error, request)
  const headers: Record<string, string> = { ...details.headers }
  if (PROBLEM_STATUS[code] === 503 || details.retryAfterMs !== undefined) headers['retry-after'] = retryAfterSeconds(details.retryAfterMs ?? DEFAULT_RETRY_MS)
  if (code === 'unauthenticated') headers['www-authenticate'] = 'Bearer realm="standing"'
  return { body: problemBody(code, detail, about, details), headers }
}

function understand(error: unknown, request: FastifyRequest): { code: ProblemCode; detail: string; details: ProblemDetails } {
  if (error instanceof Problem) {
    const isBody = (error as { validationContext?: string }).validationContext === 'body'
    return { code: (isBody ? request.routeOptions.config.bodyProblem : undefined) ?? error.code, detail: error.message, details: error.details }
  }
  if (error instanceof StandingError) return understandStanding(error)
  if (error instanceof StoreUnavailableError) return { code: 'overloaded', detail: 'The database is out of reach; try again in a moment.', details: { retryAfterMs: OUTAGE_RETRY_MS } }
  const { code, statusCode } = error as { code?: unknown; statusCode?: unknown }
  const known = typeof code === 'string' ? FRAMEWORK_CODES[code] : undefined
  if (known !== undefined) return { code: known.code, detail: known.detail ?? '', details: {} }
  // Whatever else Fastify or its parsers lay at the client's door, such as `__proto__` in a body.
  if (typeof statusCode === 'number' && statusCode >= 400 && statusCode < 500) {
    return { code: 'invalid-input', detail: `The request cannot be read (${STATUS_CODES[statusCode] ?? 'bad request'}).`, details: {} }
  }
  return { code: 'internal', detail: 'Something went wrong on our side. The trace id finds it in our log.', details: {} }
}

function understandStanding(error: StandingError): { code: ProblemCode; detail: string; details: ProblemDetails } {
  const { errors, accepts, refusedBy, retryAfterMs, extra } = error.details
  const hidden = PROBLEM_STATUS[error.code] === 500 || isQuotation(error)
  return {
    code: error.code,
    // What a machine threw or a database said may quote anything; staff find it with the parked event.
    detail: hidden ? ERROR_CODES[error.code] : error.message.replace(WHY_HELD, '$1'),
    details: {
      ...(errors === undefined ? {} : { errors }),
      ...(accepts === undefined ? {} : { accepts }),
      ...(refusedBy === undefined ? {} : { refusedBy }),
      ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
      ...(extra === undefined || hidden ? {} : { extra }),
    },
  }
}

/** Of an actor that is held because an event failed, the reason ends with what was thrown. */
const WHY_HELD = /^(the actor is held: event '[^']*' failed): .*$/s

/** The message is not the engine's own, but that of what it had to do with. */
function isQuotation({ message, details: { cause } }: StandingError): boolean {
  return cause instanceof Error && !(cause instanceof StoreUnavailableError) && cause.message !== '' && message.includes(cause.message)
}

function logFailure(log: FastifyBaseLogger, error: unknown, request: FastifyRequest, problem: ProblemBody): void {
  log.error({ err: error, traceId: problem.traceId, code: problem.code, method: request.method, route: request.routeOptions.url ?? problem.instance }, 'request failed')
}
