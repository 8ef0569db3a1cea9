/**
 * The one error that a gateway throws. An effect decides what to do by three facts about it and never
 * by its message:
 *
 *   retryable   the same call may be made again, no earlier than `retryAfterMs`;
 *   uncertain   the outside system may have taken the request although no usable answer came back;
 *   neither     the outside system refused; asking again with the same input is pointless.
 *
 * Invariant: an uncertain error is never retryable. Sending an uncertain call again could prompt a
 * customer twice or send an SMS twice, so that is a decision for the machine, not for a retry loop.
 */
import { RetryableError, TerminalError } from '../../runtime/errors.ts'

/** What is known about a failed call that may be logged and shown to staff: no secret, no full phone number. */
export type GatewayErrorDetail = Readonly<Record<string, string | number | boolean>>

export interface GatewayErrorOptions {
  /** The earliest sensible moment for another attempt, in milliseconds from now. */
  retryAfterMs?: number
  retryable?: boolean
  uncertain?: boolean
  /** The outside system's own code, as it gave it, e.g. `500.003.02`. */
  providerCode?: string
  detail?: GatewayErrorDetail
  cause?: unknown
}

/** Thrown by every gateway call that did not succeed. `code` is stable, the message is for people. */
export class GatewayError extends Error {
  override readonly name = 'GatewayError'
  readonly code: string
  readonly retryable: boolean
  readonly retryAfterMs: number | undefined
  readonly uncertain: boolean
  readonly providerCode: string | undefined
  readonly detail: GatewayErrorDetail

  constructor(code: string, message: string, options: GatewayErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.code = code
    this.uncertain = options.uncertain ?? false
    this.retryable = (options.retryable ?? false) && !this.uncertain
    this.retryAfterMs = this.retryable ? options.retryAfterMs : undefined
    this.providerCode = options.providerCode
    this.detail = options.detail ?? {}
  }
}

export function isGatewayError(error: unknown, code?: string): error is GatewayError {
  return error instanceof GatewayError && (code === undefined || error.code === code)
}

/**
 * Translates a gateway's error into the engine's words, for an effect to throw: retryable becomes
 * `RetryableError`; refused and uncertain become `TerminalError`, whose code is `uncertain.<code>` for
 * the latter, so that a machine can tell "was refused" from "may have happened".
 */
export function toEffectError(error: unknown): unknown {
  if (!(error instanceof GatewayError)) return error
  if (error.retryable) {
    const wait = error.retryAfterMs === undefined ? {} : { retryAfterMs: error.retryAfterMs }
    return new RetryableError(error.message, { ...wait, cause: error })
  }
  return new TerminalError(error.message, { code: error.uncertain ? `uncertain.${error.code}` : error.code, cause: error })
}
