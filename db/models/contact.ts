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
}

/** Written by the notification's projection. */
class SmsSendModel extends Model {
  static override readonly tableName = 'business.sms_sends'
  static override readonly idColumn = ['tenant', 'notification_id', 'send_number']

  declare tenant: string
  declare notification_id: string
  declare phone: string
  declare template: string
  declare sent_at: Date
}

interface OptOut {
  phone: string
  reason: string | null
  source: string
  at: number
}

export function contactQueries(knex: Knex) {
  return {
    async hasOptedOut(tenant: string, phone: string): Promise<boolean> {
      return (await OptOutModel.query(knex).select('phone').findOne({ tenant, phone })) !== undefined
    },
    async lastSentAt({ tenant, phone, template, exceptId }: { tenant: string; phone: string; template: string; exceptId: string }): Promise<number | undefined> {
      const [row] = await SmsSendModel.query(knex).select('sent_at').where({ tenant, phone, template }).whereNot('notification_id', exceptId).orderBy('sent_at', 'desc').limit(1)
      return row?.sent_at.getTime()
    },
    async listOptOuts(tenant: string, { limit, afterPhone = '' }: { limit: number; afterPhone?: string | undefined }): Promise<OptOut[]> {
      const rows = await OptOutModel.query(knex).where({ tenant }).where('phone', '>', afterPhone).orderBy('phone').limit(limit)
      return rows.map(({ phone, reason, source, created_at: at }) => ({ phone, reason, source, at: at.getTime() }))
    },
    /** The first word counts: a second one changes nothing. */
    async optOut(tenant: string, { phone, reason, source, at }: OptOut): Promise<void> {
      await OptOutModel.query(knex).insert({ tenant, phone, reason, source, created_at: new Date(at) }).onConflict(['tenant', 'phone']).ignore()
    },
    /** False when there was none. */
    async optIn(tenant: string, phone: string): Promise<boolean> {
      return (await OptOutModel.query(knex).where({ tenant, phone }).delete()) > 0
    },
  }
}
