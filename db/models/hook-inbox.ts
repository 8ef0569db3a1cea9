/** Web hooks as they came, written down before they are answered. */
import type { Knex } from 'knex'
import { Model } from 'objection'

class HookModel extends Model {
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
  /** Whose it was, once it is processed; null: nobody's, or not known. */
  declare tenant: string | null
  declare actor_type: string | null
  declare actor_id: string | null
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

/** One as staff see it: what came is not shown, for it names the payer. */
export interface HookTrace {
  id: string
  provider: string
  kind: string
  receivedAt: number
  processedAt: number | null
  outcome: HookOutcome | null
  note: string | null
  /** Failed attempts to bring it to its actor. */
  attempts: number
}

/**
 * By hand: an insert that leaves some rows out gives back fewer than it was given, and Objection counts them off one by one. With a name the
 * server plans it once: a payer's network waits for it.
 */
const STORE = `
  insert into business.hook_inbox (provider, kind, content_hash, body, headers, remote_ip, received_at, next_attempt_at, outcome, processed_at)
  select h.provider, h.kind, h."contentHash", h.body, h.headers, h."remoteIp", to_timestamp(h."receivedAt" / 1000),
    to_timestamp(h."nextAttemptAt" / 1000), h.outcome, case when h.outcome is not null then to_timestamp(h."receivedAt" / 1000) end
  from json_to_recordset(?::json) as h(provider text, kind text, "contentHash" text, body text, headers json, "remoteIp" text,
    "receivedAt" float8, "nextAttemptAt" float8, outcome text)
  on conflict (provider, content_hash) do nothing
  returning id, provider, content_hash, outcome, true as fresh`

/** A copy locks nothing: it waits for nobody who marks the first as processed, nor he for it. A statement of its own sees what has been committed meanwhile. */
const KNOWN = `
  select h.id, h.provider, h.content_hash, h.outcome, false as fresh
  from business.hook_inbox h join json_to_recordset(?::json) as k(provider text, "contentHash" text) on h.provider = k.provider and h.content_hash = k."contentHash"`

interface Returned {
  id: number | string
  provider: string
  content_hash: string
  outcome: HookOutcome | null
  fresh: boolean
}

type Stored = { id: string; fresh: boolean; outcome: HookOutcome | null }

export function hookInboxQueries(knex: Knex) {
  return {
    /** Durable when it resolves; results in the order of the hooks. The same content again is not stored twice. */
    async storeMany(hooks: readonly NewHook[]): Promise<Stored[]> {
      if (hooks.length === 0) return []
      // One content twice in one statement would be an error; in one order, two statements with the same contents do not lock each other out.
      const distinct = [...new Map(hooks.map((hook) => [key(hook.provider, hook.contentHash), hook]))].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, hook]) => hook)
      const { rows } = await knex.raw<{ rows: Returned[] }>(STORE, [JSON.stringify(distinct)]).options({ name: 'hook inbox: store' })
      const stored = byContent(rows)
      const copies = distinct.filter((hook) => !stored.has(key(hook.provider, hook.contentHash)))
      if (copies.length > 0) {
        const named = copies.map(({ provider, contentHash }) => ({ provider, contentHash }))
        const known = await knex.raw<{ rows: Returned[] }>(KNOWN, [JSON.stringify(named)]).options({ name: 'hook inbox: known' })
        for (const [name, found] of byContent(known.rows)) stored.set(name, found)
      }
      const answered = new Set<string>()
      return hooks.map((hook) => {
        const name = key(hook.provider, hook.contentHash)
        const found = stored.get(name)
        if (found === undefined) throw new Error('a copy of a web hook came while the first was taken away')
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
      return rows.map(storedHookOf)
    },
    async find(id: string): Promise<(StoredHook & { outcome: HookOutcome | null; note: string | null }) | undefined> {
      const row = await HookModel.query(knex).findById(id)
      return row === undefined ? undefined : { ...storedHookOf(row), outcome: row.outcome, note: row.note }
    },
    async markProcessed(given: readonly { id: string; outcome: HookOutcome; note?: string; actor?: { tenant: string; type: string; id: string } }[]): Promise<void> {
      if (given.length === 0) return
      const marks = inOneOrder(given)
      const actorPart = (part: 'tenant' | 'type' | 'id') => marks.map(({ actor }) => actor?.[part] ?? '')
      await knex.raw(
        `update business.hook_inbox h set processed_at = now(), outcome = m.outcome, note = nullif(m.note, ''),
           tenant = nullif(m.tenant, ''), actor_type = nullif(m.actor_type, ''), actor_id = nullif(m.actor_id, '')
         from unnest(?::bigint[], ?::text[], ?::text[], ?::text[], ?::text[], ?::text[]) as m(id, outcome, note, tenant, actor_type, actor_id) where h.id = m.id`,
        [marks.map(({ id }) => id), marks.map(({ outcome }) => outcome), marks.map(({ note }) => note ?? ''), actorPart('tenant'), actorPart('type'), actorPart('id')],
      )
    },
    /** What was brought to these actors, or refused by them; the newest first. */
    async ofActors(tenant: string, actors: readonly { type: string; id: string }[], limit: number): Promise<(HookTrace & { actor: { type: string; id: string } })[]> {
      const rows = await HookModel.query(knex)
        .where({ tenant })
        .whereIn('actor_id', [...new Set(actors.map(({ id }) => id))])
        .whereIn('actor_type', [...new Set(actors.map(({ type }) => type))])
        .orderBy('id', 'desc')
        .limit(limit)
      return rows.map((row) => ({
        id: String(row.id),
        provider: row.provider,
        // A subject in the address is an id, which the caller has.
        kind: row.kind.replace(/\/.*$/, ''),
        receivedAt: row.received_at.getTime(),
        processedAt: row.processed_at?.getTime() ?? null,
        outcome: row.outcome,
        note: row.note,
        attempts: row.attempts,
        actor: { type: row.actor_type ?? '', id: row.actor_id ?? '' },
      }))
    },
    /** Keeps them unprocessed until then, with one attempt more; also reopens one that was given up. */
    async reschedule(given: readonly { id: string; nextAttemptAt: number; note?: string }[]): Promise<void> {
      if (given.length === 0) return
      const delays = inOneOrder(given)
      await knex.raw(
        `update business.hook_inbox h set processed_at = null, outcome = null, attempts = attempts + 1, next_attempt_at = d.at, note = nullif(d.note, '')
         from unnest(?::bigint[], ?::timestamptz[], ?::text[]) as d(id, at, note) where h.id = d.id`,
        [delays.map(({ id }) => id), delays.map(({ nextAttemptAt }) => new Date(nextAttemptAt).toISOString()), delays.map(({ note }) => note ?? '')],
      )
    },
  }
}

function storedHookOf(row: HookModel): StoredHook {
  return { id: String(row.id), provider: row.provider, kind: row.kind, contentHash: row.content_hash, body: row.body, receivedAt: row.received_at.getTime(), attempts: row.attempts }
}

/** So that two nodes with the same hooks do not lock each other out. */
function inOneOrder<Named extends { id: string }>(hooks: readonly Named[]): Named[] {
  return [...hooks].sort((a, b) => Number(a.id) - Number(b.id))
}

function byContent(rows: readonly Returned[]): Map<string, Stored> {
  return new Map(rows.map(({ id, provider, content_hash: hash, fresh, outcome }) => [key(provider, hash), { id: String(id), fresh, outcome }]))
}

function key(provider: string, contentHash: string): string {
  return `${provider} ${contentHash}`
}
