/** What an error means to a caller, whatever way it asked: a problem code, a sentence, details. Never a stack, never a path of ours. */
import { STATUS_CODES } from 'node:http'
import { ERROR_CODES, StandingError, StoreUnavailableError } from '../../runtime/index.ts'
import { PROBLEM_STATUS, Problem, type ProblemCode, type ProblemDetails } from './problem.ts'

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

export interface Understood {
  code: ProblemCode
  detail: string
  details: ProblemDetails
}

/** `bodyProblem`: the code for a body that does not fit, where it is not `invalid-input`. */
export function understand(error: unknown, bodyProblem?: ProblemCode): Understood {
  if (error instanceof Problem) {
    const isBody = (error as { validationContext?: string }).validationContext === 'body'
    return { code: (isBody ? bodyProblem : undefined) ?? error.code, detail: error.message, details: error.details }
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

function understandStanding(error: StandingError): Understood {
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
