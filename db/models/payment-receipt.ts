/** Which payment a receipt has credited. Written by the payment's projection, in the commit of each step. */
import type { Knex } from 'knex'
import { Model } from 'objection'

class PaymentReceiptModel extends Model {
  static override readonly tableName = 'business.payment_receipts'
  static override readonly idColumn = ['tenant', 'receipt']

  declare tenant: string
  declare receipt: string
  declare payment_id: string
}

export function paymentReceiptQueries(knex: Knex) {
  return {
    async creditedTo(tenant: string, receipts: readonly string[]): Promise<ReadonlyMap<string, string>> {
      if (receipts.length === 0) return new Map()
      const rows = await PaymentReceiptModel.query(knex).select('receipt', 'payment_id').where({ tenant }).whereIn('receipt', [...receipts])
      return new Map(rows.map((row) => [row.receipt, row.payment_id]))
    },
  }
}
