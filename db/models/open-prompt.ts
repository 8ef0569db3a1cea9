/** Which phone has a payment prompt open. Written by the payment's projection, in the commit of each step. */
import type { Knex } from 'knex'
import { Model } from 'objection'

class OpenPromptModel extends Model {
  static override readonly tableName = 'business.open_prompts'
  static override readonly idColumn = ['tenant', 'phone']

  declare tenant: string
  declare phone: string
  declare payment_id: string
  declare opened_at: Date
}

export function openPromptQueries(knex: Knex) {
  return {
    async find(tenant: string, phone: string): Promise<{ paymentId: string } | undefined> {
      const row = await OpenPromptModel.query(knex).findOne({ tenant, phone })
      return row === undefined ? undefined : { paymentId: row.payment_id }
    },
  }
}
