/** Turns everything that is thrown while a request is served into a problem. Never a stack, never a path of ours. */
import type { FastifyBaseLogger, FastifyError, FastifyReply, FastifyRequest } from 'fastify'
import { PROBLEM_CONTENT_TYPE, PROBLEM_STATUS, problemBody, retryAfterSeconds, type ProblemBody } from './problem.ts'
import { redactUrl } from './redact-url.ts'
import { understand } from './understand.ts'

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
  const { code, detail, details } = understand(error, request.routeOptions.config.bodyProblem)
  const headers: Record<string, string> = { ...details.headers }
  if (PROBLEM_STATUS[code] === 503 || details.retryAfterMs !== undefined) headers['retry-after'] = retryAfterSeconds(details.retryAfterMs ?? DEFAULT_RETRY_MS)
  if (code === 'unauthenticated') headers['www-authenticate'] = 'Bearer realm="standing"'
  return { body: problemBody(code, detail, about, details), headers }
}

function logFailure(log: FastifyBaseLogger, error: unknown, request: FastifyRequest, problem: ProblemBody): void {
  log.error({ err: error, traceId: problem.traceId, code: problem.code, method: request.method, route: request.routeOptions.url ?? problem.instance }, 'request failed')
}
