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
