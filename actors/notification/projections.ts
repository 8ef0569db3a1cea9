/** business.sms_sends: each message that a provider took, and what it cost, in the commit of the step that heard of it (R1). */
import type { NotificationContext, NotificationFact } from '../../machines/notification/context.ts'
import type { Projection } from '../../runtime/index.ts'

type Sent = Extract<NotificationFact, { type: 'notification.sent' }>

export const smsSends: Projection = ({ address, at, facts, context }) =>
  facts
    .filter(({ type }) => type === 'notification.sent')
    .map(({ data }) => {
      const { template, provider, providerId, sendNumber, cost, segments } = data as unknown as Sent
      const key = { tenant: address.tenant, notification_id: address.id, send_number: sendNumber }
      const row = {
        ...key,
        phone: (context as NotificationContext).to,
        template,
        provider,
        provider_id: providerId,
        segments,
        cost: cost?.decimal ?? null,
        currency: cost?.currency ?? null,
        sent_at: new Date(at).toISOString(),
      }
      return { table: 'business.sms_sends', key, rows: [row] }
    })
