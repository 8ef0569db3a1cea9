/** What the payment machine asks of the world, and the answers it tells apart. `actors/payment/` makes the calls. */

export interface PromptRequest {
  phone: string
  amount: number
  currency: string
  /** When the customer asked: a prompt that comes much later would surprise them. */
  requestedAt: number
}

export type PromptOutcome =
  /** Safaricom will prompt the customer. */
  | { outcome: 'accepted'; checkoutRequestId: string; merchantRequestId: string }
  /** Certainly not taken. `retryAfterMs` null: asking again with the same input is pointless. */
  | { outcome: 'refused'; code: string; detail: string; retryAfterMs: number | null }
  /** Perhaps taken: the customer may see a prompt. Never ask again. */
  | { outcome: 'uncertain'; code: string; detail: string }

export interface QueryRequest {
  checkoutRequestId: string
}

export type QueryOutcome =
  | { outcome: 'answered'; resultCode: string; resultDesc: string }
  | { outcome: 'pending'; resultDesc: string }
