/** The price list. */
import type { Knex } from 'knex'
import { Model } from 'objection'

export class PackageModel extends Model {
  static override readonly tableName = 'business.packages'
  static override readonly idColumn = ['tenant', 'id']

  declare tenant: string
  declare id: string
  declare name: string
  declare description: string | null
  declare kind: 'hotspot' | 'subscription'
  /** Integer minor units of `currency`. */
  declare price_minor: number
  declare currency: string
  /** Null for calendar months. */
  declare duration_seconds: number | null
  declare term_months: number | null
  declare data_bytes: number | null
  declare rate_up_kbps: number | null
  declare rate_down_kbps: number | null
  declare simultaneous_use: number
  declare grace_seconds: number
  declare grace_up_kbps: number | null
  declare grace_down_kbps: number | null
  declare reminder_seconds: number[]
  declare active: boolean
  declare position: number
  declare revision: number
  declare archived_at: Date | null
  declare updated_at: Date
}

/** A package as whoever buys access once sees it. */
export interface Package {
  id: string
  name: string
  description: string | null
  amount: number
  currency: string
  durationSeconds: number
  dataBytes: number | null
  uploadKbps: number | null
  downloadKbps: number | null
  devices: number
}

export function packageQueries(knex: Knex) {
  return {
    /** Hotspot packages on sale, cheapest first. */
    async list(tenant: string): Promise<Package[]> {
      const rows = await PackageModel.query(knex).where({ tenant, kind: 'hotspot', active: true }).orderBy(['price_minor', 'position', 'id'])
      return rows.map(toPackage)
    },
    /** Undefined when there is no hotspot package on sale by that id. */
    async find(tenant: string, id: string): Promise<Package | undefined> {
      const row = await PackageModel.query(knex).findOne({ tenant, id, kind: 'hotspot', active: true })
      return row === undefined ? undefined : toPackage(row)
    },
    /** Adds those whose id is not taken; what is there stays as it was changed. */
    async addMissing(tenant: string, packages: readonly Package[]): Promise<void> {
      if (packages.length === 0) return
      const rows = packages.map((one, position) => ({
        tenant,
        id: one.id,
        name: one.name,
        description: one.description,
        price_minor: one.amount,
        currency: one.currency,
        duration_seconds: one.durationSeconds,
        data_bytes: one.dataBytes,
        rate_up_kbps: one.uploadKbps,
        rate_down_kbps: one.downloadKbps,
        simultaneous_use: one.devices,
        position,
      }))
      await PackageModel.query(knex).insert(rows).onConflict(['tenant', 'id']).ignore()
    },
  }
}

function toPackage(row: PackageModel): Package {
  return {
    id: row.id,
    name: row.name,
    description: row.description,
    amount: row.price_minor,
    currency: row.currency,
    // The table demands it of hotspot packages.
    durationSeconds: row.duration_seconds ?? 0,
    dataBytes: row.data_bytes,
    uploadKbps: row.rate_up_kbps,
    downloadKbps: row.rate_down_kbps,
    devices: row.simultaneous_use,
  }
}
