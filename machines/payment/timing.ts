/** How long a payment waits for what. */

const SECOND_MS = 1_000
const MINUTE_MS = 60 * SECOND_MS
const HOUR_MS = 60 * MINUTE_MS

/**
 * Gaps before the first, second, ... query when no callback comes. A prompt stands on the phone for about a
 * minute, so an earlier query would only hear "still processing". After the last one a person looks.
 */
export const QUERY_GAPS_MS: readonly number[] = [
  45 * SECOND_MS,
  90 * SECOND_MS,
  3 * MINUTE_MS,
  10 * MINUTE_MS,
  30 * MINUTE_MS,
  HOUR_MS,
  3 * HOUR_MS,
]

/** From this query on, five minutes after the prompt, none can stand on the phone any more: the customer may start another payment. */
export const QUERIES_WHILE_PROMPT_OPEN = 3

/** Without an answer to the push nothing can be queried: a callback within this time decides, else a person. */
export const UNCERTAIN_WINDOW_MS = 3 * MINUTE_MS

export const PROMPTS_MAX = 4

/** The customer stands there with the phone in hand; a prompt that comes later than this is worse than none. */
export const PROMPT_WINDOW_MS = 3 * MINUTE_MS

/** "I have paid" may be said this often of one payment; each time we look again. */
export const CLAIMS_MAX = 10

/** The result of a return usually comes within seconds. */
export const RESULT_WINDOW_MS = 2 * MINUTE_MS

/** Gaps before the first, second, ... question what became of a return. After the last one a person finds out. */
export const CHECK_GAPS_MS: readonly number[] = [MINUTE_MS, 5 * MINUTE_MS, 30 * MINUTE_MS, 3 * HOUR_MS, 12 * HOUR_MS]

/** Requests of one refund, each but the first after a certain refusal. */
export const RETURNS_MAX = 3
