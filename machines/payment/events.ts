/**
 * What a payment is made from and what may be said to it. Money is integer minor units with an ISO 4217
 * currency; a payload is described here without its `type`.
 */
import { z } from 'zod'
import type { EventsOf } from '../event-types.ts'
import { macAddress } from '../network.ts'
import { packageSnapshot } from '../package.ts'
import { PRINTABLE, NOT_PRINTABLE, printable, remark } from '../printable.ts'

const reason = remark(500)
const receipt = z.string().trim().toUpperCase().regex(/^[A-Z0-9]{6,20}$/, 'a receipt is 6 to 20 letters and digits')
/**
 * The payment that the receipt has credited, if it is another one. A machine cannot know of its neighbours, so
 * whoever brings the event looks that up; the unique key of the receipts is the last guard.
 */
const receiptUsedBy = printable(400).min(1).optional()

export const paymentInput = z.strictObject({
  /** The payer: digits with country code. */
  phone: z.string().regex(/^254(7|1)\d{8}$/, 'a Kenyan mobile number as 2547XXXXXXXX or 2541XXXXXXXX'),
  package: packageSnapshot,
  /** What must be paid, from the price list of the server. */
  amount: z.int().positive(),
  currency: z.string().regex(/^[A-Z]{3}$/),
  /** The device that will use the access, `AA:BB:CC:DD:EE:FF`. */
  macAddress: macAddress.nullable().default(null),
  /** Hash of what proves the paying browser, so that only it is shown the credentials. */
  clientHash: printable(128).nullable().default(null),
})

export type PaymentInput = z.output<typeof paymentInput>

export const paymentEvents = {
  /**
   * Safaricom's callback. It finds its payment by the identifier `checkoutRequestId`, which exists once the
   * push was answered. A callback that overtakes that answer finds nobody yet: whoever took it in keeps it
   * and tries again. If the payment knows no CheckoutRequestID (the answer never came), any is believed and
   * that of a success is taken over; if it knows another, the event is refused.
   */
  'payment.callback': z.strictObject({
    checkoutRequestId: printable(200).min(1),
    merchantRequestId: printable(200).optional(),
    resultCode: z.union([printable(40).min(1), z.number()]),
    resultDesc: printable(2_000).optional(),
    /** Minor units. Missing in failures, and in successes whose amount could not be read: those go to review. */
    amount: z.int().nonnegative().optional(),
    currency: z.string().regex(/^[A-Z]{3}$/).optional(),
    /** Not held to a form: a payment is not lost because its receipt looks new. */
    receipt: z.string().trim().toUpperCase().max(100).regex(PRINTABLE, NOT_PRINTABLE).optional(),
    receiptUsedBy,
    /** As given: digits, or digits with some of them masked by `*`. */
    phone: printable(100).optional(),
    /** RFC 3339. */
    transactionDate: printable(40).optional(),
  }),
  /** The customer or staff give up waiting. We go on asking M-Pesa, and money that comes nevertheless is credited. */
  'payment.cancel': z.strictObject({ reason: reason.optional() }),
  /** Staff found the money. With a failed payment only by naming the receipt. */
  'payment.approve': z.strictObject({ reason, receipt: receipt.optional(), receiptUsedBy }),
  /** Staff found that this is no payment for this purchase. */
  'payment.reject': z.strictObject({ reason }),
}

export type PaymentEvent = EventsOf<typeof paymentEvents>
export type PaymentCallback = Extract<PaymentEvent, { type: 'payment.callback' }>
export type PaymentDecision = Extract<PaymentEvent, { type: 'payment.approve' | 'payment.reject' | 'payment.cancel' }>
