/** In-memory implementations of what the edge asks of the database. */
import { hashApiKey } from '../../api/auth/api-key.ts'
import type { ApiKey, ApiKeys } from '../../api/ports/api-keys.ts'
import type { DashboardDay, DashboardDays } from '../../api/ports/dashboard-days.ts'
import { auditTrail } from '../../api/audit/trail.ts'
import type { AuditEntry, AuditLog } from '../../api/ports/audit.ts'
import type { HookInbox, HookOutcome, NewHook } from '../../api/ports/hook-inbox.ts'
import type { OptOut, OptOuts } from '../../api/ports/opt-outs.ts'
import type { PackageCatalogue, PackageRecord } from '../../api/ports/package-catalogue.ts'
import type { Ledger } from '../../api/ports/ledger.ts'
import type { Package, Packages } from '../../api/ports/packages.ts'
import type { AppDeps, RadiusParts } from '../../api/deps.ts'
import { silentLog, type Address } from '../../runtime/index.ts'

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
    findById: async (id) => [...byHash.values()].find((key) => key.id === id),
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
  actor?: Address
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
    async find(id) {
      const row = inbox.rows.find((one) => one.id === id)
      return row === undefined ? undefined : { ...row, note: row.note ?? null }
    },
    async markProcessed(marks) {
      for (const { id, ...mark } of marks) update(id, mark)
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

export const HOUR_PACKAGE: Package = {
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

export function memoryPackageCatalogue(): PackageCatalogue {
  const records = new Map<string, PackageRecord>()
  const write = async (tenant: string, id: string, revision: number, change: Partial<PackageRecord>): Promise<PackageRecord | undefined> => {
    const before = records.get(`${tenant}/${id}`)
    if (before?.revision !== revision) return undefined
    const after = { ...before, ...change, revision: revision + 1 }
    records.set(`${tenant}/${id}`, after)
    return after
  }
  return {
    listAll: async (tenant, { kind, archived }) =>
      [...records].filter(([key, one]) => key.startsWith(`${tenant}/`) && (kind === undefined || one.kind === kind) && (one.archivedAt !== null) === archived).map(([, one]) => one),
    get: async (tenant, id) => records.get(`${tenant}/${id}`),
    async create(tenant, id, fields) {
      if (records.has(`${tenant}/${id}`)) return undefined
      const made = { ...fields, id, revision: 1, archivedAt: null }
      records.set(`${tenant}/${id}`, made)
      return made
    },
    update: write,
    archive: (tenant, id, revision, at) => write(tenant, id, revision, { archivedAt: at }),
  }
}

/** Reads what projections wrote into a store in memory. */
export function memoryLedger(rows: () => readonly Record<string, unknown>[]): Ledger {
  const lines = () =>
    rows().map((row, index) => ({
      position: index + 1,
      tenant: String(row['tenant']),
      ref: String(row['entry_ref']),
      line: Number(row['line']),
      account: String(row['account']),
      amount: Number(row['amount_minor']),
      currency: String(row['currency']),
      at: Date.parse(String(row['at'])),
      description: String(row['description']),
      actor: { type: String(row['actor_type']), id: String(row['actor_id']) },
      receipt: typeof row['receipt'] === 'string' ? row['receipt'] : null,
    }))
  return {
    async balances(tenant, { limit, afterAccount }) {
      const sums = new Map<string, { account: string; currency: string; amount: number }>()
      for (const line of lines()) {
        if (line.tenant !== tenant || (afterAccount !== undefined && line.account <= afterAccount)) continue
        const key = `${line.account} ${line.currency}`
        const sum = sums.get(key) ?? { account: line.account, currency: line.currency, amount: 0 }
        sums.set(key, { ...sum, amount: sum.amount + line.amount })
      }
      return [...sums.values()].sort((a, b) => a.account.localeCompare(b.account)).slice(0, limit)
    },
    async lines(tenant, { account, since = 0, limit, afterPosition = 0 }) {
      return lines()
        .filter((line) => line.tenant === tenant && (account === undefined || line.account === account) && line.at >= since && line.position > afterPosition)
        .slice(0, limit)
        .map(({ tenant: _, ...line }) => line)
    },
  }
}

/** Nobody logs in, nobody uses anything. */
export function noRadius(): RadiusParts {
  return {
    logins: { find: async () => undefined, passwordOfRefused: async () => undefined, refusal: async () => undefined, admit: async () => undefined, noteRejected: async () => undefined },
    accounting: { record: async () => undefined, closeAll: async () => undefined, changes: async () => [], markTold: async () => undefined, closeStale: async () => 0, askAgain: async () => 0 },
  }
}

export function memoryOptOuts(): OptOuts & { hasOptedOut(tenant: string, phone: string): Promise<boolean> } {
  const rows = new Map<string, OptOut>()
  return {
    hasOptedOut: async (tenant, phone) => rows.has(`${tenant}/${phone}`),
    listOptOuts: async (tenant, { limit, afterPhone = '' }) =>
      [...rows]
        .filter(([key, { phone }]) => key.startsWith(`${tenant}/`) && phone > afterPhone)
        .map(([, row]) => row)
        .sort((a, b) => a.phone.localeCompare(b.phone))
        .slice(0, limit),
    async optOut(tenant, row) {
      const key = `${tenant}/${row.phone}`
      const isNew = !rows.has(key)
      if (isNew) rows.set(key, row)
      return { isNew, stored: rows.get(key) }
    },
    optIn: async (tenant, { phone }) => rows.delete(`${tenant}/${phone}`),
  }
}

export interface MemoryAudit extends AuditLog {
  entries: AuditEntry[]
  /** Fails inserts that hold such an entry, with what it gives. */
  failWith: (entry: AuditEntry) => unknown
  /** How many inserts were made, or tried. */
  inserts: number
}

/** What the edge took down; the journal's half is the database's. */
export function memoryAudit(): MemoryAudit {
  const audit: MemoryAudit = {
    entries: [],
    failWith: () => undefined,
    inserts: 0,
    async add(entries) {
      audit.inserts++
      const error = entries.map((entry) => audit.failWith(entry)).find((one) => one !== undefined)
      if (error !== undefined) throw error as Error
      audit.entries.push(...entries)
    },
    list: async ({ tenant }) => audit.entries.filter((entry) => entry.tenant === tenant).map((entry, index) => ({ ...entry, ref: `a${index}`, keyName: null, roles: null, seq: null })).reverse(),
  }
  return audit
}

/** Ports of the edge that a world about something else leaves empty. */
export function emptyPorts(audit = memoryAudit()) {
  return {
    audit,
    trail: auditTrail({ audit, log: silentLog, clock: Date.now }),
    packageCatalogue: memoryPackageCatalogue(),
    accounts: { isTaken: async () => false },
    optOuts: memoryOptOuts(),
    ledger: { balances: async () => [], lines: async () => [] },
    statements: { add: async (_tenant, entries) => ({ added: entries.length }), imported: async () => [], forgetImported: async () => undefined, unexplained: async () => ({ period: null, covered: null, provider: [], ours: [], hasMore: false }) },
    traces: { hooks: async () => [], attempts: async () => [], logins: async () => [], sends: async () => [] },
    radius: noRadius(),
    dashboardDays: memoryDashboardDays(),
  } satisfies Partial<AppDeps>
}
