/**
 * What a payment is made from and what may be said to it. Money is integer minor units with an ISO 4217
 * currency; a payload is described here without its `type`.
 */
import { z } from 'zod'
import type { EventsOf } from '../event-types.ts'
import { macAddress } from '../network.ts'
import { packageSnapshot } from '../package.ts'
import { refundEvents } from './refund-events.ts'
import { PRINTABLE, NOT_PRINTABLE, printable, remark } from '../printable.ts'

const reason = remark(500)
const RECEIPT = /^[A-Z0-9]{6,20}$/
const RECEIPT_FORM = 'a receipt is 6 to 20 letters and digits'
const receipt = z.string().trim().toUpperCase().regex(RECEIPT, RECEIPT_FORM)
/** Not held to a form: a payment is not lost because its receipt looks new. */
const toldReceipt = z.string().trim().toUpperCase().max(100).regex(PRINTABLE, NOT_PRINTABLE)
/**
 * The payment that the receipt has credited, if it is another one. A machine cannot know of its neighbours, so
 * whoever brings the event looks that up; the unique key of the receipts is the last guard.
 */
const receiptUsedBy = printable(400).min(1).optional()

/** Characters. */
export const MASKED_MAX = 20

const kenyanPhone = z.string().regex(/^254(7|1)\d{8}$/, 'a Kenyan mobile number as 2547XXXXXXXX or 2541XXXXXXXX')
const actorId = z.string().regex(/^[A-Za-z0-9_-]{1,64}$/, 'the id of an actor')

/** A number that can be prompted and paid out to; not one with masked digits. */
export function isFullPhone(text: string): boolean {
  return kenyanPhone.safeParse(text).success
}

export const paymentPurpose = z.discriminatedUnion('kind', [
  /** The package that is bought; a session starts. */
  z.strictObject({ kind: z.literal('hotspot') }),
  /** Credit of a customer. */
  z.strictObject({ kind: z.literal('subscription'), subscriptionId: actorId }),
  /** Money that came, and nobody knows what for: a person assigns it or gives it back. */
  z.strictObject({ kind: z.literal('unmatched') }),
])

/** Money that the payer sent without being prompted, or a second time. */
const receivedMoney = z.strictObject({
  receipt: toldReceipt.min(1),
  /** Who told us: a confirmation of the paybill, the provider's list of transactions, or the callback of a prompt that other money had paid. */
  source: z.enum(['c2b', 'pull', 'callback']),
  /** When the payer's money moved; RFC 3339. */
  transactionDate: printable(40).nullable().default(null),
  /** What the payer typed as account number. */
  accountReference: printable(100).nullable().default(null),
  /** Safaricom gives the payer's number hashed (SHA-256) or with some digits as `*`, or not at all. */
  payer: z.strictObject({ hash: z.string().regex(/^[0-9a-f]{64}$/).nullable(), masked: printable(MASKED_MAX).nullable(), name: printable(200).nullable() }),
  /** Why nobody knows what for. With `foreign-shortcode` not even whether the money is ours. */
  doubt: z.enum(['account-unknown', 'several-subscriptions', 'foreign-shortcode', 'paid-twice']).nullable().default(null),
  /** The payment that other money had paid, with `paid-twice`. */
  besides: actorId.nullable().default(null),
  /** The shortcode that was paid, with `foreign-shortcode`. */
  shortcode: printable(40).nullable().default(null),
})

const paymentFields = z.strictObject({
  /** `stk`: we prompt the payer. `c2b`: the payer has paid. `cash`: over the counter. A prepaid code is no payment: its money came when it was sold. */
  method: z.enum(['stk', 'c2b', 'cash']).default('stk'),
  purpose: paymentPurpose.default({ kind: 'hotspot' }),
  /** The payer: digits with country code. Null when the payer is known by less. */
  phone: kenyanPhone.nullable().default(null),
  package: packageSnapshot.nullable().default(null),
  received: receivedMoney.nullable().default(null),
  /** What must be paid, from the price list of the server; or what came. */
  amount: z.int().positive(),
  currency: z.string().regex(/^[A-Z]{3}$/),
  /** The device that will use the access, `AA:BB:CC:DD:EE:FF`. */
  macAddress: macAddress.nullable().default(null),
  /** Hash of what proves the paying browser, so that only it is shown the credentials. */
  clientHash: printable(128).nullable().default(null),
})

export const paymentInput = paymentFields.superRefine(({ method, purpose, phone, package: bought, received }, context) => {
  const demand = (isMet: boolean, path: string, message: string): void => {
    if (!isMet) context.addIssue({ code: 'custom', path: [path], message })
  }
  demand(purpose.kind !== 'hotspot' || bought !== null, 'package', 'is needed: it is what is bought')
  demand((method !== 'stk' && purpose.kind !== 'hotspot') || phone !== null, 'phone', 'is needed to prompt the payer, and for the access')
  demand((method === 'c2b') === (received !== null), 'received', 'belongs to c2b, and to nothing else')
  demand(received === null || received.source === 'callback' || RECEIPT.test(received.receipt), 'received', RECEIPT_FORM)
  demand(method === 'c2b' || purpose.kind !== 'unmatched', 'purpose', 'must be known')
})

export type PaymentInput = z.output<typeof paymentFields>
export type PaymentPurpose = z.output<typeof paymentPurpose>

export const paymentEvents = {
  /**
   * Safaricom's callback. It finds its payment by the identifier `checkoutRequestId`, which exists once the
   * push was answered. A callback that overtakes that answer finds nobody yet: whoever took it in keeps it
   * and tries again. If the payment knows no CheckoutRequestID (the answer never came), any is believed and
   * that of a success is taken over; if it knows another, the event is refused.
   */
  'payment.callback': z.strictObject({
    /** Missing in what finds its payment by the account number instead: the paybill's confirmation of the same money, or the provider's list. */
    checkoutRequestId: printable(200).min(1).optional(),
    source: z.enum(['callback', 'c2b', 'pull']).default('callback'),
    merchantRequestId: printable(200).optional(),
    resultCode: z.union([printable(40).min(1), z.number()]),
    resultDesc: printable(2_000).optional(),
    /** Minor units. Missing in failures, and in successes whose amount could not be read: those go to review. */
    amount: z.int().nonnegative().optional(),
    currency: z.string().regex(/^[A-Z]{3}$/).optional(),
    receipt: toldReceipt.optional(),
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
  /**
   * Staff found that this is no payment for this purchase. Money that came stays in the books, and may be credited after all or given
   * back; unless staff found that none has come (`moneyCame: false`): then it is taken out, and its receipt is free for another payment.
   */
  'payment.reject': z.strictObject({ reason, moneyCame: z.boolean().default(true) }),
  /** The provider's list tells in full the phone that a confirmation had masked; and of which subscription it is, if of just one. */
  'payment.namePayer': z.strictObject({ phone: kenyanPhone, subscriptionId: actorId.optional(), receiptUsedBy }),
  /**
   * The paybill or the provider's list tells of money, too, that only a callback had told of: what they say counts. And of which subscription
   * it is, where the prompt that it came beside was for one. Version 4 was first told of its source alone.
   */
  'payment.confirmReceived': z.strictObject({
    source: z.enum(['c2b', 'pull']),
    receipt: toldReceipt.optional(),
    /** Minor units. */
    amount: z.int().positive().optional(),
    subscriptionId: actorId.optional(),
    receiptUsedBy,
  }),
  /** Money that came a second time becomes a payment of its own. New money does so by itself; this is for what was held from before. */
  'payment.part': z.strictObject({ reason }),
  /** "I have paid, here is my receipt." Makes us look again, and never grants anything by itself. */
  'payment.claim': z.strictObject({ receipt, receiptUsedBy }),
  /**
   * Staff know what money was for that came without a purpose. Whoever brings the event names the subscription, or adds the package
   * as it is on the price list now.
   */
  'payment.assign': z.strictObject({
    reason,
    subscriptionId: actorId.optional(),
    packageId: printable(64).min(1).optional(),
    package: packageSnapshot.optional(),
    /** Whose access it is, if the payer's number is not known. */
    phone: kenyanPhone.optional(),
    receiptUsedBy,
  }),
  ...refundEvents,
}

export type PaymentEvent = EventsOf<typeof paymentEvents>
export type PaymentCallback = Extract<PaymentEvent, { type: 'payment.callback' }>
export type PaymentDecision = Extract<PaymentEvent, { type: 'payment.approve' | 'payment.reject' | 'payment.cancel' }>
export type PaymentAssignment = Extract<PaymentEvent, { type: 'payment.assign' }>
