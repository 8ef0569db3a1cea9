/** API keys: only hashes are stored. */
import type { Knex } from 'knex'
import { Model } from 'objection'

class ApiKeyModel extends Model {
  static override readonly tableName = 'business.api_keys'

  declare id: string
  declare tenant: string
  declare name: string
  /** Hex SHA-256. */
  declare hash: string
  declare roles: string[]
  declare created_at: Date
  declare expires_at: Date | null
  declare revoked_at: Date | null
  declare last_used_at: Date | null
}

export interface ApiKey {
  id: string
  tenant: string
  name: string
  roles: readonly string[]
  expiresAt?: number | null
}

export function apiKeyQueries(knex: Knex) {
  return {
    /** Undefined for an unknown or revoked key. */
    async findByHash(hash: string): Promise<ApiKey | undefined> {
      const row = await ApiKeyModel.query(knex).findOne({ hash, revoked_at: null })
      return row === undefined ? undefined : toApiKey(row)
    },
    /** Undefined for an unknown or revoked key. */
    async findById(id: string): Promise<ApiKey | undefined> {
      const row = await ApiKeyModel.query(knex).findOne({ id, revoked_at: null })
      return row === undefined ? undefined : toApiKey(row)
    },
    async create({ id, tenant, name, roles, hash, expiresAt = null }: ApiKey & { hash: string }): Promise<void> {
      await ApiKeyModel.query(knex)
        .insert({ id, tenant, name, roles: [...roles], hash, expires_at: expiresAt === null ? null : new Date(expiresAt) })
        .onConflict('hash')
        .ignore()
    },
    async touch(id: string, at: number): Promise<void> {
      await ApiKeyModel.query(knex).findById(id).patch({ last_used_at: new Date(at) })
    },
    async list(): Promise<(ApiKey & { revokedAt: number | null })[]> {
      const rows = await ApiKeyModel.query(knex).orderBy('created_at')
      return rows.map((row) => ({ ...toApiKey(row), revokedAt: row.revoked_at?.getTime() ?? null }))
    },
    /** False when there is no such key, or it is revoked already. */
    async revoke(id: string): Promise<boolean> {
      return (await ApiKeyModel.query(knex).where({ id, revoked_at: null }).patch({ revoked_at: new Date() })) > 0
    },
  }
}

function toApiKey(row: ApiKeyModel): ApiKey {
  return { id: row.id, tenant: row.tenant, name: row.name, roles: row.roles, expiresAt: row.expires_at?.getTime() ?? null }
}
