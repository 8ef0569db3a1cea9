/** Who does not want to be written to, and what was written to whom. */
import type { Knex } from 'knex'
import { Model } from 'objection'

class OptOutModel extends Model {
  static override readonly tableName = 'business.opt_outs'
  static override readonly idColumn = ['tenant', 'phone']

  declare tenant: string
  declare phone: string
  declare reason: string | null
  declare source: string
  declare created_at: Date
  /** Since then the phone may be written to again. */
  declare opted_in_at: Date | null
  declare opted_in_by: string | null
}

/** Written by the notification's projection. */
class SmsSendModel extends Model {
  static override readonly tableName = 'business.sms_sends'
  static override readonly idColumn = ['tenant', 'notification_id', 'send_number']

  declare tenant: string
  declare notification_id: string
  declare phone: string
  declare template: string
  declare provider: string
  declare provider_id: string
  declare segments: number
  /** Decimal text. */
  declare cost: string | null
  declare currency: string | null
  declare sent_at: Date
}

interface OptOut {
  phone: string
  reason: string | null
  source: string
  at: number
}

/** Of two wishes the later one counts, whatever order they are told in; of two of one moment, not to be written to. */
const OPT_OUT = `
  insert into business.opt_outs as o (tenant, phone, reason, source, created_at) values (?, ?, ?, ?, ?)
  on conflict (tenant, phone) do update
    set reason = excluded.reason, source = excluded.source, created_at = excluded.created_at, opted_in_at = null, opted_in_by = null
    where o.opted_in_at is not null and o.opted_in_at <= excluded.created_at`

export function contactQueries(knex: Knex) {
  return {
    async hasOptedOut(tenant: string, phone: string): Promise<boolean> {
      return (await OptOutModel.query(knex).select('phone').findOne({ tenant, phone }).whereNull('opted_in_at')) !== undefined
    },
    async lastSentAt({ tenant, phone, template, exceptId }: { tenant: string; phone: string; template: string; exceptId: string }): Promise<number | undefined> {
      const [row] = await SmsSendModel.query(knex).select('sent_at').where({ tenant, phone, template }).whereNot('notification_id', exceptId).orderBy('sent_at', 'desc').limit(1)
      return row?.sent_at.getTime()
    },
    /** What was sent for these notifications; the newest first. */
    async sends(tenant: string, notificationIds: readonly string[], limit: number) {
      const rows = await SmsSendModel.query(knex).where({ tenant }).whereIn('notification_id', [...notificationIds]).orderBy('sent_at', 'desc').limit(limit)
      return rows.map(({ notification_id: notificationId, phone, template, provider, provider_id: providerId, segments, cost, currency, sent_at: at }) => ({ notificationId, phone, template, provider, providerId, segments, cost, currency, at: at.getTime() }))
    },
    async listOptOuts(tenant: string, { limit, afterPhone = '' }: { limit: number; afterPhone?: string | undefined }): Promise<OptOut[]> {
      const rows = await OptOutModel.query(knex).where({ tenant }).whereNull('opted_in_at').where('phone', '>', afterPhone).orderBy('phone').limit(limit)
      return rows.map(optOutOf)
    },
    /** While one stands a second one changes nothing. */
    async optOut(tenant: string, { phone, reason, source, at }: OptOut): Promise<{ isNew: boolean; stored: OptOut | undefined }> {
      const { rowCount } = await knex.raw<{ rowCount: number }>(OPT_OUT, [tenant, phone, reason, source, new Date(at)])
      const row = await OptOutModel.query(knex).findOne({ tenant, phone }).whereNull('opted_in_at')
      return { isNew: rowCount > 0, stored: row === undefined ? undefined : optOutOf(row) }
    },
    /** False when there was none to take back. */
    async optIn(tenant: string, { phone, source, at }: Pick<OptOut, 'phone' | 'source' | 'at'>): Promise<boolean> {
      const moment = new Date(at)
      return (await OptOutModel.query(knex).where({ tenant, phone }).whereNull('opted_in_at').where('created_at', '<=', moment).patch({ opted_in_at: moment, opted_in_by: source })) > 0
    },
  }
}

function optOutOf({ phone, reason, source, created_at: at }: OptOutModel): OptOut {
  return { phone, reason, source, at: at.getTime() }
}
