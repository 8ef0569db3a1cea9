/** What a notification is made from and what may be said to it. Nothing here is secret: the text is made while it is sent. */
import { z } from 'zod'
import type { EventsOf } from '../event-types.ts'
import { phone } from '../network.ts'
import { printable, remark } from '../printable.ts'

const packageName = printable(100)
const accountNumber = printable(20)
const money = { amount: z.int(), currency: z.string().regex(/^[A-Z]{3}$/) }
const moment = z.int().nonnegative()

/** What the text of each template tells, besides credentials. Amounts are minor units. */
export const detailsOf = {
  /** `username`: where it is not derived from the address, as a subscription's account number. */
  'hotspot-credentials': z.strictObject({ packageName, expiresAt: moment, username: printable(64).exactOptional() }),
  /** What is missing, and until when. */
  'subscription-reminder': z.strictObject({ packageName, accountNumber, ...money, expiresAt: moment }),
  'subscription-receipt': z.strictObject({ accountNumber, ...money, receipt: printable(100).nullable(), expiresAt: moment.nullable(), balance: z.int() }),
  /** `isSlowed`: the plan has a speed of its own for the grace; stored ones that do not say so were worded as if it had. */
  'subscription-grace': z.strictObject({ packageName, accountNumber, ...money, graceEndsAt: moment, isSlowed: z.boolean().default(true) }),
  /** `amount`: for the data of another term at once; 0: no payment is asked for. */
  'subscription-data-used-up': z.strictObject({ packageName, accountNumber, ...money, consequence: z.enum(['slowed', 'cut-off']), termEndsAt: moment }),
  'subscription-suspended': z.strictObject({ packageName, accountNumber, ...money }),
} as const

export type Template = keyof typeof detailsOf
export type DetailsOf<Name extends Template> = z.output<(typeof detailsOf)[Name]>

const templates = Object.keys(detailsOf) as [Template, ...Template[]]

export const notificationInput = z
  .strictObject({
    channel: z.literal('sms').default('sms'),
    /** Digits with country code. */
    to: phone,
    template: z.enum(templates),
    locale: z.enum(['en', 'sw']).default('en'),
    /** The actor it is about; the credentials are derived from this address. */
    about: z.strictObject({ tenant: printable(63).min(1), type: printable(64).min(1), id: printable(400).min(1) }),
    credentialVersion: z.int().positive().default(1),
    details: z.union(Object.values(detailsOf) as [(typeof detailsOf)[Template], ...(typeof detailsOf)[Template][]]),
  })
  .refine(({ template, details }) => detailsOf[template].safeParse(details).success, { path: ['details'], message: 'are not those of this template' })

export type NotificationInput = z.output<typeof notificationInput>

const deliveryStatus = z.enum(['sent', 'buffered', 'delivered', 'failed', 'expired'])

export const notificationEvents = {
  /**
   * The provider's delivery report. It finds its notification by the identifier `providerId`, which exists
   * once the send was answered; a report that overtakes the answer finds nobody yet and must be tried again.
   */
  'notification.report': z.strictObject({
    providerId: printable(200).min(1),
    status: deliveryStatus,
    failureReason: printable(200).optional(),
    /** The provider's own word for the status. */
    providerStatus: printable(100).optional(),
    networkCode: printable(20).optional(),
    retryCount: z.int().nonnegative().optional(),
  }),
  /** What it says is not so any more: it is not sent, unless it is on its way. */
  'notification.cancel': z.strictObject({ reason: remark(500) }),
  /** Staff or the customer ask for the message once more. */
  'notification.resend': z.strictObject({ reason: remark(500) }),
}

export type NotificationEvent = EventsOf<typeof notificationEvents>
export type DeliveryReport = Extract<NotificationEvent, { type: 'notification.report' }>
