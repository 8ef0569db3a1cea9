/**
 * Every error that leaves the edge is an RFC 9457 problem with a stable `code` (contract.md, "Problem codes").
 * This table is the one place where a code gets its status; the OpenAPI document and the tests read it too.
 */
import { ERROR_CODES, type ErrorCode, type FieldError, type Refusal } from '../../runtime/index.ts'

/** Codes of the edge itself, besides those of the engine. */
const EDGE_TITLES = {
  unauthenticated: 'A valid API key is needed.',
  forbidden: 'This key may not do that.',
  'route-not-found': 'There is nothing at this address.',
  'method-not-allowed': 'This address does not take that method.',
  'unsupported-media-type': 'The body is in a form that this address does not take.',
  'package-unknown': 'No package of this id is on sale.',
  'package-not-found': 'No such package exists.',
  'package-exists': 'There is a package of this id already.',
  'subscription-unknown': 'No subscription of this id can be paid for.',
  'payment-not-found': 'No such payment exists.',
  'login-not-given': 'There is no login to give: the payment has brought no access, it is over, or its password was shown already.',
  'hook-not-found': 'No such web hook is stored.',
  'channel-unknown': 'There is no channel of this name.',
  'prompt-open': 'This phone has a payment prompt open already.',
  'router-exists': 'There is a router of this name already.',
  'router-refused': 'This token lets no router in.',
  'router-unsupported': 'This router runs a RouterOS that is too old.',
  'router-unreachable': 'The router does not answer.',
  'voucher-mistyped': 'This is no voucher code.',
  'voucher-unknown': 'There is no voucher with this code.',
  'voucher-used': 'This voucher has been used.',
  'voucher-expired': 'This voucher has expired.',
  'voucher-revoked': 'This voucher is no longer valid.',
  'second-key-needed': 'This is worth too much for one key.',
  'preview-outdated': 'This is not what the preview showed.',
  'rate-limited': 'Too many requests; wait a little.',
  'not-ready': 'The server is starting or stopping.',
  internal: 'Something went wrong on our side.',
} as const

export type ProblemCode = ErrorCode | keyof typeof EDGE_TITLES

export const PROBLEM_TITLES: Readonly<Record<ProblemCode, string>> = { ...ERROR_CODES, ...EDGE_TITLES }

export const PROBLEM_STATUS = {
  unauthenticated: 401,
  'router-refused': 401,
  forbidden: 403,
  'route-not-found': 404,
  'actor-type-unknown': 404,
  'actor-not-found': 404,
  'timer-not-found': 404,
  'effect-not-found': 404,
  'parked-not-found': 404,
  'payment-not-found': 404,
  'hook-not-found': 404,
  'voucher-unknown': 404,
  'package-not-found': 404,
  'channel-unknown': 404,
  'method-not-allowed': 405,
  'actor-exists': 409,
  'event-not-accepted': 409,
  'actor-done': 409,
  'timer-fixed': 409,
  'prompt-open': 409,
  'login-not-given': 409,
  'voucher-used': 409,
  'voucher-expired': 409,
  'voucher-revoked': 409,
  'package-exists': 409,
  'router-exists': 409,
  'preview-outdated': 409,
  'second-key-needed': 409,
  'stale-version': 412,
  'payload-too-large': 413,
  'unsupported-media-type': 415,
  'invalid-input': 422,
  'invalid-event': 422,
  'idempotency-mismatch': 422,
  'package-unknown': 422,
  'router-unsupported': 422,
  'subscription-unknown': 422,
  'voucher-mistyped': 422,
  'actor-blocked': 423,
  'rate-limited': 429,
  internal: 500,
  'router-unreachable': 502,
  'step-failed': 500,
  'invalid-definition': 500,
  'invalid-state': 503,
  'gate-refused': 503,
  'not-ready': 503,
  overloaded: 503,
} as const satisfies Record<ProblemCode, number>

export interface ProblemDetails {
  errors?: readonly (FieldError & { in?: 'query' | 'path' | 'header' })[]
  accepts?: readonly string[]
  refusedBy?: readonly Refusal[]
  retryAfterMs?: number
  /** Headers that belong to this problem, such as RateLimit. */
  headers?: Readonly<Record<string, string>>
  /** Members of the problem object that only this code has. */
  extra?: Readonly<Record<string, unknown>>
}

/** Thrown by the edge. The message is shown to the client. */
export class Problem extends Error {
  override readonly name = 'Problem'
  readonly code: ProblemCode
  readonly details: ProblemDetails

  constructor(code: ProblemCode, message: string = PROBLEM_TITLES[code], details: ProblemDetails = {}) {
    super(message)
    this.code = code
    this.details = details
  }
}

export interface ProblemBody {
  type: string
  title: string
  status: number
  detail: string
  instance: string
  code: ProblemCode
  traceId: string
  errors?: (FieldError & { in?: 'query' | 'path' | 'header' })[]
  accepts?: string[]
  refusedBy?: Refusal[]
  [member: string]: unknown
}

export const PROBLEM_CONTENT_TYPE = 'application/problem+json; charset=utf-8'

/** The problem object; absent members are left out. */
export function problemBody(code: ProblemCode, detail: string, about: { instance: string; traceId: string }, details: ProblemDetails = {}): ProblemBody {
  return {
    type: `urn:standing:problem:${code}`,
    title: PROBLEM_TITLES[code],
    status: PROBLEM_STATUS[code],
    detail,
    instance: about.instance,
    code,
    traceId: about.traceId,
    ...(details.errors === undefined ? {} : { errors: [...details.errors] }),
    ...(details.accepts === undefined ? {} : { accepts: [...details.accepts] }),
    ...(details.refusedBy === undefined ? {} : { refusedBy: [...details.refusedBy] }),
    ...details.extra,
  }
}

/** Seconds, rounded up: too early would be refused again. */
export function retryAfterSeconds(ms: number): string {
  return String(Math.max(1, Math.ceil(ms / 1_000)))
}
