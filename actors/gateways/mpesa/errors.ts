/**
 * Daraja's refusals, `{"requestId", "errorCode", "errorMessage"}`, as `GatewayError`s.
 *
 * Codes: landelatech/pesakit docs/reference, ronnyabuto/daraja-error-codes errors.json. `500.001.1001` is
 * used for four different things and is told apart by its message.
 */
import { z } from 'zod'
import { GatewayError } from '../errors.ts'
import { retryAfterMs, type HttpAnswer } from '../http.ts'
import { redact } from '../redact.ts'

export type DarajaEndpoint = 'oauth' | 'stk-push' | 'stk-query' | 'reversal' | 'payout' | 'status' | 'pull' | 'c2b-register'

/** What moves money, or asks somebody for it: must not be repeated blindly. */
const MOVES_MONEY: ReadonlySet<DarajaEndpoint> = new Set(['stk-push', 'reversal', 'payout'])

export function isRepeatable(endpoint: DarajaEndpoint): boolean {
  return !MOVES_MONEY.has(endpoint)
}

/** `isOpen`: Daraja failed in a way that does not exclude that it took the request. */
type Rule = { code: string; retryable?: true; afterMs?: number; isOpen?: true }

const RULES: Readonly<Record<string, Rule>> = {
  '400.002.02': { code: 'invalid-field' },
  '400.002.05': { code: 'invalid-payload' },
  '400.003.02': { code: 'invalid-request' },
  '400.003.01': { code: 'token-refused', retryable: true, afterMs: 30_000 },
  '401.003.01': { code: 'token-refused', retryable: true, afterMs: 30_000 },
  '404.001.03': { code: 'token-refused', retryable: true, afterMs: 30_000 },
  '404.001.04': { code: 'auth-header-refused' },
  '404.003.01': { code: 'not-found' },
  '500.003.1001': { code: 'provider-failed', retryable: true, afterMs: 30_000, isOpen: true },
  // Spike arrest counts per second or per minute; a pause of some seconds is enough for either in practice.
  '500.003.02': { code: 'rate-limited', retryable: true, afterMs: 10_000 },
  '500.003.03': { code: 'quota-exceeded', retryable: true, afterMs: 300_000 },
}

/** `500.001.1001` by its message. On a query "being processed" is no error: query-result.ts takes it before this. */
const OVERLOADED_CODE = '500.001.1001'
const OVERLOADED_RULES: readonly (readonly [RegExp, Rule])[] = [
  [/wrong credentials/i, { code: 'wrong-credentials' }],
  [/merchant.*(not exist|unknown|not found|invalid)/i, { code: 'merchant-unknown' }],
  // Another prompt is open on this phone: the same fact as result code 1001, worth another try after 1-3 minutes.
  [/lock|already in process/i, { code: 'subscriber-locked', retryable: true, afterMs: 60_000 }],
]

const TOKEN_CODES = new Set(['400.003.01', '401.003.01', '404.001.03'])

const refusalBody = z.object({
  requestId: z.string().optional(),
  errorCode: z.union([z.string(), z.number()]).transform(String).optional(),
  errorMessage: z.string().optional(),
})

type DarajaRefusal = z.infer<typeof refusalBody>

/** The refusal in an answer; its fields are missing if the body is something else. */
export function readRefusal(answer: HttpAnswer): DarajaRefusal {
  return refusalBody.safeParse(answer.json).data ?? {}
}

/** True if a fresh token may help. Such a request was certainly not taken. */
export function isTokenRefused(answer: HttpAnswer): boolean {
  const { errorCode } = readRefusal(answer)
  return errorCode === undefined ? answer.status === 401 : TOKEN_CODES.has(errorCode)
}

/** The error for any answer that is not what the endpoint promises. `secrets` are what we sent and must not be logged if echoed. */
export function darajaError(endpoint: DarajaEndpoint, answer: HttpAnswer, secrets: readonly string[]): GatewayError {
  const refusal = readRefusal(answer)
  const rule = ruleFor(endpoint, answer, refusal)
  const uncertain = rule.isOpen === true && !isRepeatable(endpoint)
  const words = redact(refusal.errorMessage ?? answer.text, secrets)
  const named = refusal.errorCode === undefined ? `HTTP ${answer.status}` : `HTTP ${answer.status}, ${redact(refusal.errorCode, secrets)}`
  const afterMs = retryAfterMs(answer.headers) ?? rule.afterMs
  const field = /Invalid\s+(\w+)\s*$/.exec(refusal.errorMessage ?? '')?.[1]
  return new GatewayError(rule.code, `M-Pesa ${endpoint} was refused (${named}): ${words === '' ? 'no words' : words}`, {
    retryable: rule.retryable ?? false,
    uncertain,
    ...(afterMs === undefined ? {} : { retryAfterMs: afterMs }),
    ...(refusal.errorCode === undefined ? {} : { providerCode: refusal.errorCode }),
    detail: {
      endpoint,
      httpStatus: answer.status,
      ...(refusal.requestId === undefined ? {} : { requestId: redact(refusal.requestId, secrets) }),
      ...(field === undefined ? {} : { field }),
    },
  })
}

function ruleFor(endpoint: DarajaEndpoint, answer: HttpAnswer, refusal: DarajaRefusal): Rule {
  const { errorCode, errorMessage = '' } = refusal
  if (errorCode === OVERLOADED_CODE) {
    const known = OVERLOADED_RULES.find(([words]) => words.test(errorMessage))
    return known?.[1] ?? { code: 'provider-failed', retryable: true, afterMs: 30_000, isOpen: true }
  }
  const known = errorCode === undefined ? undefined : RULES[errorCode]
  return known ?? ruleByStatus(endpoint, answer.status)
}

/** For answers without a known code: a proxy's page, or a code that we have not met. */
function ruleByStatus(endpoint: DarajaEndpoint, status: number): Rule {
  if (endpoint === 'oauth' && (status === 400 || status === 401 || status === 403)) return { code: 'wrong-credentials' }
  if (status === 401) return { code: 'token-refused', retryable: true, afterMs: 30_000 }
  if (status === 429) return { code: 'rate-limited', retryable: true, afterMs: 10_000 }
  if (status >= 500) return { code: 'provider-failed', retryable: true, afterMs: 30_000, isOpen: true }
  if (status >= 400) return { code: 'refused' }
  // 2xx that is not understood, or a redirect: it may well have been taken.
  return { code: 'answer-not-understood', retryable: true, afterMs: 30_000, isOpen: true }
}
