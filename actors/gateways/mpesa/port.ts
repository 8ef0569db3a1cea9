/**
 * What the payment actors need of M-Pesa: ask a customer to pay (STK push) and ask what became of it
 * (STK query). The outcome of a push comes by callback (callback.ts), any number of times, in any order.
 *
 * Money is integer minor units with ISO currency, `{amount: 1000, currency: 'KES'}` = KSh 10.00. M-Pesa
 * moves whole shillings; an amount with cents is refused, never rounded.
 */

export interface StkPushRequest {
  /** The payer, `2547XXXXXXXX` or `2541XXXXXXXX`. */
  phone: string
  /** Minor units (cents); must be a whole number of shillings. */
  amount: number
  currency: string
  /** Shown to the payer; 1-12 characters. Daraja does not echo it in the callback. */
  accountReference: string
  /** 1-13 characters; a longer one makes the prompt fail with 1025 or 9999 after it was accepted. */
  description: string
  /** In place of the client's own, e.g. with a path segment of this payment, so that a callback finds it although the answer of the push was lost. */
  callbackUrl?: string
}

/** Safaricom will prompt the customer. Never a payment. */
export interface StkPushAccepted {
  merchantRequestId: string
  checkoutRequestId: string
  responseDescription: string
  customerMessage: string
}

/** Why a query left the payment open; see query-result.ts. */
export type StkPendingReason = 'being-processed' | 'still-processing' | 'no-result-yet'

/**
 * `answered` gives Safaricom's raw code; what it means is for machines/payment/result-codes.ts to say.
 * A query must never overwrite a stored success: the sandbox has answered a failure for paid pushes.
 */
export type StkQueryResult =
  | { status: 'pending'; reason: StkPendingReason; resultDesc: string }
  | { status: 'answered'; resultCode: string; resultDesc: string }

export interface MpesaGateway {
  /**
   * Thrown: `GatewayError`. If it is `uncertain` the customer may have been prompted: wait for the
   * callback, do not push again. Calls with the same key in one process are made once.
   */
  stkPush(request: StkPushRequest, options: { idempotencyKey: string; signal?: AbortSignal | undefined }): Promise<StkPushAccepted>
  /** Thrown: `GatewayError`, never uncertain. */
  stkQuery(request: { checkoutRequestId: string }, options?: { signal?: AbortSignal | undefined }): Promise<StkQueryResult>
  /** Takes a whole transaction back. Taken only: what becomes of it comes to `resultUrl`. Thrown as by `stkPush`. */
  reverse(request: ReversalRequest, options: MoneyOptions): Promise<Acknowledged>
  /** Pays out to a phone (B2C). Taken only, as `reverse`. Daraja itself knows a payout by the OriginatorConversationID, which we choose. */
  payOut(request: PayoutRequest, options: MoneyOptions): Promise<Acknowledged>
  /** Asks what became of a reversal or a payout; the answer comes to `resultUrl`. Thrown: `GatewayError`, never uncertain. */
  askStatus(request: StatusQuery, options?: { signal?: AbortSignal | undefined }): Promise<Acknowledged>
  /** What came in, told or untold. Daraja looks back 48 hours at most. Thrown: `GatewayError`, never uncertain. */
  pullTransactions(request: { fromMs: number; toMs: number }, options?: { signal?: AbortSignal | undefined }): Promise<PulledTransaction[]>
  /** Says where C2B validations and confirmations go. In production once per shortcode. Thrown: `GatewayError`, never uncertain. */
  registerC2b(request: C2bRegistration, options?: { signal?: AbortSignal | undefined }): Promise<void>
}

export interface MoneyOptions {
  idempotencyKey: string
  signal?: AbortSignal | undefined
}

/** Where the result goes, and the word that Safaricom's queue gave up (which is no result). */
export interface ResultAddresses {
  resultUrl: string
  timeoutUrl: string
}

export interface ReversalRequest extends ResultAddresses {
  /** Of the transaction that is taken back. */
  receipt: string
  /** Minor units; all of it. */
  amount: number
  currency: string
  /** 2-100 characters. */
  remarks: string
}

export interface PayoutRequest extends ResultAddresses {
  phone: string
  amount: number
  currency: string
  /** Ours to choose, and the same whenever we ask for the same payout. */
  originatorConversationId: string
  remarks: string
}

export interface StatusQuery extends ResultAddresses {
  originatorConversationId: string
}

/** Taken, not done. */
export interface Acknowledged {
  originatorConversationId: string | null
  conversationId: string | null
}

export interface PulledTransaction {
  receipt: string
  /** RFC 3339, or null if it was no moment. */
  at: string | null
  /** Minor units. */
  amount: number
  currency: 'KES'
  /** Digits with country code, if it was a number in full. */
  phone: string | null
  accountReference: string | null
}

export interface C2bRegistration {
  validationUrl: string
  confirmationUrl: string
  /** What Safaricom does with a payment if our validation does not answer. */
  ifUnanswered: 'Completed' | 'Cancelled'
}
