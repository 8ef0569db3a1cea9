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
}
