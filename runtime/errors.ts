/**
 * The error catalogue of the engine. The codes are public: the HTTP edge maps each to a status and
 * clients rely on them (contract.md, "Problem codes").
 */
import type { JsonObject } from './model/json.ts'

export const ERROR_CODES = {
  'actor-type-unknown': 'No such actor type is registered.',
  'actor-not-found': 'No actor of this type and id exists.',
  'actor-exists': 'An actor with this id exists already.',
  'event-not-accepted': 'The current state does not accept this event.',
  'actor-done': 'The actor has finished and takes no more events.',
  'actor-blocked': 'The actor is held: an event failed or staff blocked it.',
  'stale-version': 'The actor has moved on since the sequence the caller named.',
  'payload-too-large': 'The payload or the resulting context is over its bound.',
  'invalid-input': 'The input does not fit its schema.',
  'invalid-event': 'The event does not fit its schema, or its type is reserved.',
  'idempotency-mismatch': 'This event id was used before with another body.',
  overloaded: 'A bound is reached; try again a little later.',
  'timer-not-found': 'The actor has no such timer armed.',
  'timer-fixed': 'The moment of this timer is a fact of the record and is not moved by itself.',
  'effect-not-found': 'No such effect is stored.',
  'parked-not-found': 'No such event is parked.',
  'invalid-definition': 'The machine or its definition cannot be run durably.',
  'invalid-state': 'The runtime is not in a state that allows this call.',
  'step-failed': 'A step of the machine threw.',
  'gate-refused': 'Stored actors do not fit the deployed machine (R12).',
} as const

export type ErrorCode = keyof typeof ERROR_CODES

export interface FieldError {
  /** JSON pointer into what the caller sent. */
  pointer: string
  detail: string
}

/** A guard that said no, for a refused event. */
export interface Refusal {
  guard: string
  phrase?: string
}

export interface ErrorDetails {
  errors?: FieldError[]
  /** Event types that the current state would take. */
  accepts?: string[]
  refusedBy?: Refusal[]
  retryAfterMs?: number
  extra?: JsonObject
  cause?: unknown
}

/** Thrown for everything a caller can act on; `code` is stable, the message is for people. */
export class StandingError extends Error {
  override readonly name = 'StandingError'
  readonly code: ErrorCode
  readonly details: ErrorDetails

  constructor(code: ErrorCode, message: string = ERROR_CODES[code], details: ErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause })
    this.code = code
    this.details = details
  }
}

/** Thrown by an effect to say: trying again is pointless, give up now. */
export class TerminalError extends Error {
  override readonly name = 'TerminalError'
  readonly code: string | undefined

  constructor(message: string, options: { code?: string; cause?: unknown } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.code = options.code
  }
}

/** Thrown by an effect to say when the next attempt makes sense. */
export class RetryableError extends Error {
  override readonly name = 'RetryableError'
  readonly retryAfterMs: number | undefined

  constructor(message: string, options: { retryAfterMs?: number; cause?: unknown } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.retryAfterMs = options.retryAfterMs
  }
}

export function isStandingError(error: unknown, code?: ErrorCode): error is StandingError {
  return error instanceof StandingError && (code === undefined || error.code === code)
}

/** What is stored of a thrown value: an Error has no own enumerable fields, so JSON would lose it all. */
export interface ErrorRecord {
  name: string
  message: string
  stack?: string
  code?: string
}

export function toErrorRecord(thrown: unknown, withStack = false): ErrorRecord {
  if (thrown instanceof Error) {
    const code = 'code' in thrown && typeof thrown.code === 'string' ? thrown.code : undefined
    return {
      name: thrown.name,
      message: thrown.message,
      ...(withStack && thrown.stack !== undefined ? { stack: thrown.stack } : {}),
      ...(code === undefined ? {} : { code }),
    }
  }
  return { name: 'Error', message: typeof thrown === 'string' ? thrown : (JSON.stringify(thrown) ?? String(thrown)) }
}
