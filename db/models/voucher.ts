/** Vouchers beside their actors. Both tables are written by projections, in the commit of each step. */
import type { Knex } from 'knex'
import { Model } from 'objection'

class VoucherCodeModel extends Model {
  static override readonly tableName = 'business.voucher_codes'
  static override readonly idColumn = ['tenant', 'code_hash']

  declare tenant: string
  declare code_hash: string
  declare batch_id: string
  declare number: number
}

class VoucherModel extends Model {
  static override readonly tableName = 'business.vouchers'
  static override readonly idColumn = ['tenant', 'id']

  declare tenant: string
  declare id: string
  declare batch_id: string
  declare number: number
  declare state: string
  declare changed_at: Date
}

export function voucherQueries(knex: Knex) {
  return {
    async findByHash(tenant: string, hash: string): Promise<{ batchId: string; number: number } | undefined> {
      const row = await VoucherCodeModel.query(knex).findById([tenant, hash])
      return row === undefined ? undefined : { batchId: row.batch_id, number: row.number }
    },
    /** By number, of those that are no longer only a number. */
    async statesOf(tenant: string, batchId: string): Promise<ReadonlyMap<number, string>> {
      const rows = await VoucherModel.query(knex).select('number', 'state').where({ tenant, batch_id: batchId })
      return new Map(rows.map(({ number, state }) => [number, state]))
    },
  }
}
