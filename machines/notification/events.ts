/** What a notification is made from and what may be said to it. Nothing here is secret: the text is made while it is sent. */
import { z } from 'zod'
import type { EventsOf } from '../event-types.ts'
import { phone } from '../network.ts'
import { printable, remark } from '../printable.ts'

export const notificationInput = z.strictObject({
  channel: z.literal('sms').default('sms'),
  /** Digits with country code. */
  to: phone,
  template: z.literal('hotspot-credentials'),
  locale: z.enum(['en', 'sw']).default('en'),
  /** The actor it is about; the credentials are derived from this address. */
  about: z.strictObject({ tenant: printable(63).min(1), type: printable(64).min(1), id: printable(400).min(1) }),
  credentialVersion: z.int().positive().default(1),
  /** What the text tells besides the credentials. */
  details: z.strictObject({ packageName: printable(100), expiresAt: z.int().nonnegative() }),
})

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
  /** Staff or the customer ask for the message once more. */
  'notification.resend': z.strictObject({ reason: remark(500) }),
}

export type NotificationEvent = EventsOf<typeof notificationEvents>
export type DeliveryReport = Extract<NotificationEvent, { type: 'notification.report' }>
