/** Which account numbers are taken. Written by the subscription's projection, in the commit of each step. */
import type { Knex } from 'knex'
import { Model } from 'objection'

class SubscriptionModel extends Model {
  static override readonly tableName = 'business.subscriptions'
  static override readonly idColumn = ['tenant', 'id']

  declare tenant: string
  declare id: string
  declare account_number: string
}

export function subscriptionQueries(knex: Knex) {
  return {
    /** By whatever tenant. */
    async isTaken(accountNumber: string): Promise<boolean> {
      return (await SubscriptionModel.query(knex).select('id').findOne({ account_number: accountNumber })) !== undefined
    },
  }
}
