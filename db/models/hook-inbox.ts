/** Web hooks as they came, written down before they are answered. */
import type { Knex } from 'knex'
import { Model } from 'objection'

export class HookModel extends Model {
  static override readonly tableName = 'business.hook_inbox'
  static override readonly jsonAttributes = ['headers']

  declare id: string
  declare provider: string
  declare kind: string
  declare received_at: Date
  declare remote_ip: string | null
  declare content_hash: string
  declare headers: Record<string, string>
  declare body: string
  declare processed_at: Date | null
  declare outcome: HookOutcome | null
  declare note: string | null
  declare attempts: number
  declare next_attempt_at: Date
}

export type HookOutcome = 'applied' | 'refused' | 'unmatched' | 'unreadable' | 'forged'

export interface NewHook {
  provider: string
  kind: string
  contentHash: string
  body: string
  headers: Record<string, string>
  remoteIp: string
  receivedAt: number
  nextAttemptAt: number
  outcome: HookOutcome | null
}

export interface StoredHook {
  id: string
  provider: string
  kind: string
  contentHash: string
  body: string
  receivedAt: number
  attempts: number
}

type Stored = { id: string; fresh: boolean; outcome: HookOutcome | null }

export function hookInboxQueries(knex: Knex) {
  return {
    /** Durable when it resolves; results in the order of the hooks. The same content again is not stored twice. */
    async storeMany(hooks: readonly NewHook[]): Promise<Stored[]> {
      const byHash = new Map(hooks.map((hook) => [key(hook.provider, hook.contentHash), hook]))
      const inserted = await HookModel.query(knex)
        .insert([...byHash.values()].map(toRow))
        .onConflict(['provider', 'content_hash'])
        .ignore()
        .returning(['id', 'provider', 'content_hash', 'outcome'])
      const stored = new Map<string, Stored>()
      for (const row of inserted) {
        // A row that was there already comes back without an id.
        if (row.id !== undefined) stored.set(key(row.provider, row.content_hash), { id: String(row.id), fresh: true, outcome: row.outcome })
      }
      const known = [...byHash.values()].filter((hook) => !stored.has(key(hook.provider, hook.contentHash)))
      if (known.length > 0) {
        const rows = await HookModel.query(knex)
          .select('id', 'provider', 'content_hash', 'outcome')
          .whereIn(['provider', 'content_hash'], known.map(({ provider, contentHash }) => [provider, contentHash]))
        for (const row of rows) stored.set(key(row.provider, row.content_hash), { id: String(row.id), fresh: false, outcome: row.outcome })
      }
      const answered = new Set<string>()
      return hooks.map((hook) => {
        const name = key(hook.provider, hook.contentHash)
        const found = stored.get(name) as Stored
        // Of two alike in one call, only the first is fresh.
        const fresh = found.fresh && !answered.has(name)
        answered.add(name)
        return { ...found, fresh }
      })
    },
    /** Not processed and due, oldest first. */
    async unprocessed({ dueBefore, limit }: { dueBefore: number; limit: number }): Promise<StoredHook[]> {
      const rows = await HookModel.query(knex)
        .whereNull('processed_at')
        .where('next_attempt_at', '<=', new Date(dueBefore))
        .orderBy(['next_attempt_at', 'id'])
        .limit(limit)
      return rows.map((row) => ({
        id: String(row.id),
        provider: row.provider,
        kind: row.kind,
        contentHash: row.content_hash,
        body: row.body,
        receivedAt: row.received_at.getTime(),
        attempts: row.attempts,
      }))
    },
    async markProcessed(marks: readonly { id: string; outcome: HookOutcome; note?: string }[]): Promise<void> {
      if (marks.length === 0) return
      await knex.raw(
        `update business.hook_inbox h set processed_at = now(), outcome = m.outcome, note = nullif(m.note, '')
         from unnest(?::bigint[], ?::text[], ?::text[]) as m(id, outcome, note) where h.id = m.id`,
        [marks.map(({ id }) => id), marks.map(({ outcome }) => outcome), marks.map(({ note }) => note ?? '')],
      )
    },
    /** Keeps them unprocessed until then, with one attempt more; also reopens one that was given up. */
    async reschedule(delays: readonly { id: string; nextAttemptAt: number; note?: string }[]): Promise<void> {
      if (delays.length === 0) return
      await knex.raw(
        `update business.hook_inbox h set processed_at = null, outcome = null, attempts = attempts + 1, next_attempt_at = d.at, note = nullif(d.note, '')
         from unnest(?::bigint[], ?::timestamptz[], ?::text[]) as d(id, at, note) where h.id = d.id`,
        [delays.map(({ id }) => id), delays.map(({ nextAttemptAt }) => new Date(nextAttemptAt).toISOString()), delays.map(({ note }) => note ?? '')],
      )
    },
  }
}

function key(provider: string, contentHash: string): string {
  return `${provider} ${contentHash}`
}

function toRow(hook: NewHook) {
  return {
    provider: hook.provider,
    kind: hook.kind,
    received_at: new Date(hook.receivedAt),
    remote_ip: hook.remoteIp,
    content_hash: hook.contentHash,
    headers: hook.headers,
    body: hook.body,
    outcome: hook.outcome,
    processed_at: hook.outcome === null ? null : new Date(hook.receivedAt),
    next_attempt_at: new Date(hook.nextAttemptAt),
  }
}
