/** The price list as those see it who make it. */
import type { Knex } from 'knex'
import { PackageModel } from './package.ts'

type Term = { unit: 'seconds' | 'months'; count: number }

interface PackageFields {
  name: string
  description: string | null
  kind: 'hotspot' | 'subscription'
  amount: number
  currency: string
  term: Term
  dataBytes: number | null
  uploadKbps: number | null
  downloadKbps: number | null
  devices: number
  graceSeconds: number
  graceUploadKbps: number | null
  graceDownloadKbps: number | null
  reminderSeconds: number[]
  position: number
}

interface PackageRecord extends PackageFields {
  id: string
  revision: number
  archivedAt: number | null
}

export function packageCatalogueQueries(knex: Knex) {
  /** Writes only over the revision that the change was made for, so that of two changes at once the second is told. */
  async function write(tenant: string, id: string, revision: number, changes: Partial<PackageModel>): Promise<PackageRecord | undefined> {
    const [row] = await PackageModel.query(knex)
      .where({ tenant, id, revision })
      .patch({ ...changes, revision: revision + 1, updated_at: new Date() })
      .returning('*')
    return row === undefined ? undefined : toRecord(row)
  }

  return {
    async listAll(tenant: string, { kind, archived }: { kind?: PackageFields['kind'] | undefined; archived: boolean }): Promise<PackageRecord[]> {
      const query = PackageModel.query(knex).where({ tenant, active: !archived, ...(kind === undefined ? {} : { kind }) })
      return (await query.orderBy('id')).map(toRecord)
    },
    async get(tenant: string, id: string): Promise<PackageRecord | undefined> {
      const row = await PackageModel.query(knex).findOne({ tenant, id })
      return row === undefined ? undefined : toRecord(row)
    },
    async create(tenant: string, id: string, fields: PackageFields): Promise<PackageRecord | undefined> {
      // By hand: an insert that finds the id taken gives back no row, and Objection expects one.
      const [row] = await knex('business.packages').insert({ tenant, id, ...toColumns(fields) }).onConflict(['tenant', 'id']).ignore().returning<PackageModel[]>('*')
      return row === undefined ? undefined : toRecord(row)
    },
    update: (tenant: string, id: string, revision: number, fields: PackageFields): Promise<PackageRecord | undefined> => write(tenant, id, revision, toColumns(fields)),
    archive: (tenant: string, id: string, revision: number, at: number): Promise<PackageRecord | undefined> =>
      write(tenant, id, revision, { active: false, archived_at: new Date(at) }),
  }
}

function toColumns(fields: PackageFields) {
  const { unit, count } = fields.term
  return {
    name: fields.name,
    description: fields.description,
    kind: fields.kind,
    price_minor: fields.amount,
    currency: fields.currency,
    duration_seconds: unit === 'seconds' ? count : null,
    term_months: unit === 'months' ? count : null,
    data_bytes: fields.dataBytes,
    rate_up_kbps: fields.uploadKbps,
    rate_down_kbps: fields.downloadKbps,
    simultaneous_use: fields.devices,
    grace_seconds: fields.graceSeconds,
    grace_up_kbps: fields.graceUploadKbps,
    grace_down_kbps: fields.graceDownloadKbps,
    reminder_seconds: fields.reminderSeconds,
    position: fields.position,
  }
}

function toRecord(row: PackageModel): PackageRecord {
  return {
    id: row.id,
    name: row.name,
    description: row.description,
    kind: row.kind,
    amount: row.price_minor,
    currency: row.currency,
    term: row.term_months === null ? { unit: 'seconds', count: row.duration_seconds ?? 0 } : { unit: 'months', count: row.term_months },
    dataBytes: row.data_bytes,
    uploadKbps: row.rate_up_kbps,
    downloadKbps: row.rate_down_kbps,
    devices: row.simultaneous_use,
    graceSeconds: row.grace_seconds,
    graceUploadKbps: row.grace_up_kbps,
    graceDownloadKbps: row.grace_down_kbps,
    reminderSeconds: row.reminder_seconds,
    position: row.position,
    revision: row.revision,
    archivedAt: row.archived_at?.getTime() ?? null,
  }
}
