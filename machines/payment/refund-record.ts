/** What a payment remembers of money that goes back, what it asks of the world for that, and the answers it tells apart. */

export interface ReturnRequest {
  way: 'reversal' | 'b2c'
  /** Counts the requests of this payment: with its id the idempotency key of the outside system. */
  request: number
  /** Of the transaction that is taken back. */
  receipt: string | null
  phone: string | null
  amount: number
  currency: string
  reason: string
}

export type ReturnOutcome =
  /** Taken; the result comes later. */
  | { outcome: 'accepted'; originatorConversationId: string | null; conversationId: string | null }
  /** Certainly not taken. */
  | { outcome: 'refused'; code: string; detail: string; retryAfterMs: number | null }
  /** Perhaps taken. */
  | { outcome: 'uncertain'; code: string; detail: string }

export interface StatusRequest {
  way: 'reversal' | 'b2c'
  request: number
  originatorConversationId: string | null
}

/** The answer itself comes later, as `payment.returnResult` about the status. */
export interface StatusAsked {
  outcome: 'asked'
}

export interface Refund {
  /** `cash`: handed back over the counter, where it came in. */
  way: 'reversal' | 'b2c' | 'cash'
  amount: number
  currency: string
  reason: string
  /** What was there when it was asked for: a credit, and the receipt of the money. */
  wasCredited: boolean
  original: string | null
  requestedBy: string
  requestedAt: number
  approvedBy: string | null
  approvedAt: number | null
  refusedBy: string | null
  /** Requests sent to the outside, over all refunds of this payment. */
  requests: number
  attempts: number
  retryMs: number
  originatorConversationId: string | null
  conversationId: string | null
  /** Status queries sent. */
  checks: number
  lastResult: { source: 'request' | 'result' | 'status' | 'timeout' | 'staff'; code: string; description: string; at: number } | null
  /** Of the transaction that took the money back. */
  receipt: string | null
  returnedAt: number | null
  /** Minor units, if the provider told. */
  charge: number | null
  failedAt: number | null
}
