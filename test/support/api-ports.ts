/** In-memory implementations of what the edge asks of the database. */
import { hashApiKey } from '../../api/auth/api-key.ts'
import type { ApiKey, ApiKeys } from '../../api/ports/api-keys.ts'
import type { DashboardDay, DashboardDays } from '../../api/ports/dashboard-days.ts'
import type { HookInbox, HookOutcome, NewHook } from '../../api/ports/hook-inbox.ts'
import type { Package, Packages } from '../../api/ports/packages.ts'

export interface MemoryApiKeys extends ApiKeys {
  /** Adds a key given in plain and gives the header that uses it. */
  add(key: string, roles: readonly string[], tenant?: string, expiresAt?: number | null): { authorization: string }
  revoke(key: string): void
  lookUps: number
  touched: string[]
}

export function memoryApiKeys(): MemoryApiKeys {
  const byHash = new Map<string, ApiKey>()
  return {
    lookUps: 0,
    touched: [],
    async findByHash(hash) {
      this.lookUps++
      return byHash.get(hash)
    },
    async create({ hash, ...key }) {
      byHash.set(hash, key)
    },
    async touch(id) {
      this.touched.push(id)
    },
    add(key, roles, tenant = 'main', expiresAt = null) {
      byHash.set(hashApiKey(key), { id: `k_${key.slice(0, 8)}`, tenant, name: key, roles, expiresAt })
      return { authorization: `Bearer ${key}` }
    },
    revoke: (key) => void byHash.delete(hashApiKey(key)),
  }
}

export interface InboxRow extends NewHook {
  id: string
  attempts: number
  note?: string
}

export interface MemoryInbox extends HookInbox {
  rows: InboxRow[]
  /** How many inserts were made: groups, not hooks. */
  inserts: number
  /** Fails inserts that hold such a hook. */
  failWhen: (hook: NewHook) => boolean
  /** Delay of one insert. */
  delayMs: number
}

export function memoryInbox(): MemoryInbox {
  const inbox: MemoryInbox = {
    rows: [],
    inserts: 0,
    failWhen: () => false,
    delayMs: 0,
    async storeMany(hooks) {
      inbox.inserts++
      if (inbox.delayMs > 0) await new Promise((resolve) => setTimeout(resolve, inbox.delayMs))
      if (hooks.some(inbox.failWhen)) throw new Error('the insert failed')
      return hooks.map((hook) => {
        const known = inbox.rows.find((row) => row.provider === hook.provider && row.contentHash === hook.contentHash)
        if (known !== undefined) return { id: known.id, fresh: false, outcome: known.outcome }
        const row: InboxRow = { ...hook, id: String(inbox.rows.length + 1), attempts: 0 }
        inbox.rows.push(row)
        return { id: row.id, fresh: true, outcome: row.outcome }
      })
    },
    async unprocessed({ dueBefore, limit }) {
      return inbox.rows.filter((row) => row.outcome === null && row.nextAttemptAt <= dueBefore).slice(0, limit).map((row) => ({ ...row }))
    },
    async markProcessed(marks) {
      for (const { id, outcome, note } of marks) update(id, { outcome, ...(note === undefined ? {} : { note }) })
    },
    async reschedule(delays) {
      for (const { id, nextAttemptAt, note } of delays) {
        const row = inbox.rows.find((one) => one.id === id)
        update(id, { outcome: null, nextAttemptAt, attempts: (row?.attempts ?? 0) + 1, ...(note === undefined ? {} : { note }) })
      }
    },
  }

  function update(id: string, change: Partial<InboxRow> & { outcome: HookOutcome | null }): void {
    const row = inbox.rows.find((one) => one.id === id)
    if (row !== undefined) Object.assign(row, change)
  }

  return inbox
}

const HOUR_PACKAGE: Package = {
  id: 'hour',
  name: 'One hour',
  description: null,
  amount: 1_000,
  currency: 'KES',
  durationSeconds: 3_600,
  dataBytes: null,
  uploadKbps: 2_048,
  downloadKbps: 5_120,
  devices: 1,
}

export function memoryPackages(packages: readonly Package[] = [HOUR_PACKAGE]): Packages {
  return {
    list: async () => [...packages],
    find: async (_tenant, id) => packages.find((one) => one.id === id),
  }
}

export interface MemoryDashboardDays extends DashboardDays {
  rows: Map<string, DashboardDay[]>
}

export function memoryDashboardDays(): MemoryDashboardDays {
  const rows = new Map<string, DashboardDay[]>()
  return {
    rows,
    list: async (tenant) => [...(rows.get(tenant) ?? [])].sort((a, b) => (a.day < b.day ? -1 : 1)),
    async save(tenant, days) {
      const known = rows.get(tenant) ?? []
      rows.set(tenant, [...known, ...days.filter(({ day }) => !known.some((one) => one.day === day))])
    },
    clear: async (tenant) => void rows.delete(tenant),
  }
}
