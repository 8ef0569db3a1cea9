/** What the Daraja stand-in can be told to do, as data: the same shapes in code and at `POST /_sandbox/scenarios`. */
import { z } from 'zod'

/** Real refusals by name; `answers.ts` has their status, code and words. */
export const REFUSALS = [
  'spike-arrest', 'quota', 'wrong-credentials', 'merchant-unknown', 'subscriber-locked', 'internal', 'system-error', 'not-found',
  'bad-request', 'bad-payload', 'auth-header', 'token-400', 'token-401', 'token-404',
] as const

const error = z.union([
  z.enum(REFUSALS),
  z.strictObject({ status: z.int().min(400).max(599), errorCode: z.string().max(40), errorMessage: z.string().max(500) }),
])

/**
 * - `accept`: answers at once;
 * - `slow`: accepts, answers after `slowMs`;
 * - `timeout-after-accepting`: accepts and never answers; `reset-after-accepting`: accepts and breaks the connection;
 *   `bad-gateway-after-accepting`: accepts, but a proxy in between answers with HTTP 502 and a page;
 * - `token-expired`: every token ends now, this push is refused for it;
 * - `{error}`: refused.
 */
const push = z.union([
  z.enum(['accept', 'slow', 'timeout-after-accepting', 'reset-after-accepting', 'bad-gateway-after-accepting', 'token-expired']),
  z.strictObject({ error }),
])

const resultCode = z.union([z.string().max(20), z.number()])

/** One callback. Several plans for one prompt run side by side, e.g. 1037 first and a late success after it. */
const callback = z.strictObject({
  /** From acceptance; real time. Default: the stand-in's `callbackAfterMs`. */
  afterMs: z.int().min(0).max(86_400_000).optional(),
  /** Default 0. */
  resultCode: resultCode.optional(),
  resultDesc: z.string().max(200).optional(),
  /** Shillings, to tell another amount than was asked. */
  amount: z.number().optional(),
  /** To tell another phone than was asked. */
  phone: z.string().max(20).optional(),
  /** The customer is charged once more: another receipt. */
  again: z.boolean().optional(),
  /** How often it is delivered. Default 1. */
  times: z.int().min(1).max(20).optional(),
  /** Delivered before the push is answered. */
  beforePushAnswer: z.boolean().optional(),
  /** The customer acts, the query knows of it, but no callback comes. */
  never: z.boolean().optional(),
  /** Nothing happens until somebody answers by hand. */
  manual: z.boolean().optional(),
  /** `texts`: everything as text and in another order; `prefixed`: ResultDesc with `[STK_CB - ]`, Balance as text. Default `plain`. */
  dialect: z.enum(['plain', 'texts', 'prefixed']).optional(),
})

/**
 * What one query answers: `truth` (what became of the prompt), the four pending shapes, `failed` (1032, whatever
 * the callback said), a given result, or a refusal.
 */
const query = z.union([
  z.enum(['truth', 'being-processed', '4999', 'empty-code', 'response-code-only', 'failed']),
  z.strictObject({ resultCode, resultDesc: z.string().max(200).optional() }),
  z.strictObject({ error }),
])

export const behaviourSchema = z.strictObject({
  push: push.optional(),
  /** With `slow`. Default 5,000 ms. */
  slowMs: z.int().min(0).max(600_000).optional(),
  callback: z.union([callback, z.array(callback).min(1).max(10)]).optional(),
  /** For the first, second … query of this prompt; after the last, the truth. */
  query: z.array(query).max(50).optional(),
})

export type Behaviour = z.infer<typeof behaviourSchema>
export type CallbackPlan = z.infer<typeof callback>
export type QueryShape = z.infer<typeof query>
export type RefusalSpec = z.infer<typeof error>

export function callbackPlans(behaviour: Behaviour): CallbackPlan[] {
  if (behaviour.callback === undefined) return [{}]
  return Array.isArray(behaviour.callback) ? behaviour.callback : [behaviour.callback]
}
