/** What a subscription is made from and what may be said to it. Money is integer minor units, moments are RFC 3339. */
import { z } from 'zod'
import { account } from '../accounting.ts'
import { timeZone } from '../calendar.ts'
import type { EventsOf } from '../event-types.ts'
import { isLuhnValid } from '../luhn.ts'
import { phone } from '../network.ts'
import { AMOUNT_MAX, subscriptionPlan } from '../plan.ts'
import { printable, remark } from '../printable.ts'

const reason = remark(500)
const moment = z.iso.datetime({ offset: true })
const amount = z.int().positive().max(AMOUNT_MAX)
const currency = z.string().regex(/^[A-Z]{3}$/)
const actorId = z.string().regex(/^[A-Za-z0-9_-]{1,64}$/, 'an id has 1 to 64 letters, digits, _ or -')

/** What the customer types as account when paying; also the RADIUS User-Name. */
export const accountNumber = z
  .string()
  .regex(/^[1-9]\d{7}$/, 'an account number has 8 digits')
  .refine(isLuhnValid, 'the last digit does not fit the others')

export const subscriptionInput = z.strictObject({
  accountNumber,
  name: printable(100).trim().min(1),
  /** Digits with country code. */
  phone,
  locale: z.enum(['en', 'sw']).default('en'),
  /** Where its months are counted. */
  timeZone: timeZone.default('Africa/Nairobi'),
  plan: subscriptionPlan,
})

export type SubscriptionInput = z.output<typeof subscriptionInput>

/** Who holds the access back: `abuse`, `fraud`, `moving`, ... Each is lifted by its own name. */
export const blockName = z.string().regex(/^[a-z][a-z0-9-]{0,31}$/, 'a block is named in lower-case letters, digits and -')

/** When another package takes over. */
export const changeAt = z.union([z.literal('term-end'), z.literal('now'), moment]).describe('a moment is one to come: what is past is refused, what shall be at once is `now`')

export const subscriptionEvents = {
  /** Money of the customer, by the payment that brought it. */
  'subscription.pay': z.strictObject({
    paymentId: actorId,
    amount,
    currency,
    receipt: printable(100).nullable().default(null),
    /** Milliseconds since the epoch. */
    paidAt: z.int().nonnegative(),
  }),
  /** Money that went back: a refund or a reversal. */
  'subscription.revokePayment': z.strictObject({ paymentId: actorId, amount, reason }),
  /** Something else to be paid, such as a router or an installation. */
  'subscription.charge': z.strictObject({ amount, reason }),
  /** Holds the access back under a name of its own; the same name again replaces its reason and end. */
  'subscription.suspend': z.strictObject({ block: blockName, reason, until: moment.optional() }),
  'subscription.unsuspend': z.strictObject({ block: blockName, reason }),
  /** Agrees on another package, or another price of the same. What is said here counts then, whatever the price list says. A date is one to come. */
  'subscription.changePackage': z.strictObject({ package: subscriptionPlan, at: changeAt, reason: reason.optional() }),
  'subscription.cancelChange': z.strictObject({ reason: reason.optional() }),
  /** Staff move the end of the paid time: a gift, a correction. One that is past ends it now. */
  'subscription.changeExpiry': z.strictObject({ expiresAt: moment, reason }),
  'subscription.changeContact': z.strictObject({ name: printable(100).trim().min(1).optional(), phone: phone.optional(), reason: reason.optional() }),
  /** A new password, told by SMS. The old one stops working. */
  'subscription.renewPassword': z.strictObject({ reason }),
  /** What RADIUS accounting knows of this account by now. */
  'subscription.account': account,
  /** Lets other devices in than those that are bound to it; whoever is online is logged out. */
  'subscription.changeDevice': z.strictObject({ reason }),
  'subscription.terminate': z.strictObject({ reason }),
}

export type SubscriptionEvent = EventsOf<typeof subscriptionEvents>
export type Said<Type extends SubscriptionEvent['type']> = Extract<SubscriptionEvent, { type: Type }>
