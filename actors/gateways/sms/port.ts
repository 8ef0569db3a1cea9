/**
 * What the notification actors need of an SMS provider: send one text to one number. What became of it
 * comes later by delivery report (delivery-report.ts), possibly before this call has answered.
 */

export interface SmsMessage {
  /** Digits with country code, with or without plus: `254712345678`. */
  to: string
  text: string
  /** The effect's stable key. Providers know no idempotency key; calls with the same key in one process are made once. */
  key: string
  /** An earlier send may have been taken without an answer. */
  isRepetition?: boolean
}

export interface SmsSent {
  /** Who took it, such as `africas-talking`. */
  provider?: string
  /** The provider's message id, which delivery reports refer to. */
  providerId: string
  /** `sent`: handed to the network; `queued`: accepted by the provider. Neither is a delivery. */
  status: 'queued' | 'sent'
  /** What the provider charges: `decimal` as it says, `amount` in integer minor units, rounded half up. */
  cost?: { amount: number; currency: string; decimal?: string }
  segments: number
}

export interface SmsGateway {
  /** Thrown: `GatewayError`. If it is `uncertain` the SMS may be on its way: sending again may send it twice. */
  send(message: SmsMessage, options?: { signal?: AbortSignal | undefined }): Promise<SmsSent>
}

/** What a delivery report says. `delivered`, `failed` and `expired` are final; accept only moves forward. */
export type SmsDeliveryStatus = 'sent' | 'buffered' | 'delivered' | 'failed' | 'expired'
