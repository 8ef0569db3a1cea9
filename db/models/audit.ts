/** Who looked at what, beside what the journal tells of people. */
import type { Knex } from 'knex'

interface Entry {
  tenant: string
  at: number
  keyId: string
  what: What
  action: string
  actor: { type: string; id: string } | null
  asked: Readonly<Record<string, string>>
  status: number | null
  unmasked: boolean
  reason: string | null
  requestId: string
}

type What = 'read' | 'simulate' | 'command' | 'intervene' | 'change'

interface Query {
  tenant: string
  limit: number
  keyId?: string | undefined
  what?: What | undefined
  type?: string | undefined
  id?: string | undefined
  since?: number | undefined
  until?: number | undefined
  before?: { at: number; ref: string } | undefined
}

interface Row {
  ref: string
  at: Date
  key_id: string
  key_name: string | null
  roles: string[] | null
  what: What
  action: string
  actor_type: string | null
  actor_id: string | null
  asked: string
  status: number | null
  unmasked: boolean | null
  reason: string | null
  request_id: string | null
  seq: string | number | null
  /** Of the journal: JSON that the database cannot always read, for it may hold a NUL. */
  event: string | null
}

/** Text throughout: what was asked may hold half a character, which no JSON of the database takes. */
const ADD = `
  insert into business.audit (tenant, at, key_id, what, action, actor_type, actor_id, asked, status, unmasked, reason, request_id)
  select tenant, at, key_id, what, action, nullif(actor_type, ''), nullif(actor_id, ''), asked, status, unmasked, nullif(reason, ''), request_id
  from unnest(?::text[], ?::timestamptz[], ?::text[], ?::text[], ?::text[], ?::text[], ?::text[], ?::text[], ?::int[], ?::boolean[], ?::text[], ?::text[])
    as e(tenant, at, key_id, what, action, actor_type, actor_id, asked, status, unmasked, reason, request_id)`

/** Must say what the index `journal_by_people` says. */
const BY_PEOPLE = `left(j.source, 5) in ('rest:', 'staff', 'nats') and j.source not in ('rest:public', 'rest:payer')`

/** Unique over both halves; of one moment, in the order in which it happened where that is known. */
const AUDIT_REF = `'a' || lpad(a.id::text, 20, '0')`
const JOURNAL_REF = `'j' || j.type || '/' || j.id || '/' || lpad(j.seq::text, 16, '0')`
/** What a source is without the way it came: `rest:k_1` and `staff:key:k_1` are one key. */
const KEY_OF_SOURCE = `regexp_replace(j.source, '^(rest:|staff:key:|staff:)', '')`

export function auditQueries(knex: Knex) {
  return {
    async add(entries: readonly Entry[]): Promise<void> {
      if (entries.length === 0) return
      const column = <Value>(read: (entry: Entry) => Value): Value[] => entries.map(read)
      await knex.raw(ADD, [
        column(({ tenant }) => tenant),
        column(({ at }) => new Date(at).toISOString()),
        column(({ keyId }) => keyId),
        column(({ what }) => what),
        column(({ action }) => action),
        column(({ actor }) => actor?.type ?? ''),
        column(({ actor }) => actor?.id ?? ''),
        column(({ asked }) => JSON.stringify(asked)),
        column(({ status }) => status),
        column(({ unmasked }) => unmasked),
        column(({ reason }) => reason ?? ''),
        column(({ requestId }) => requestId),
      ] as never)
    },

    /** The newest first. */
    async list({ tenant, limit, keyId, what, type, id, since, until, before }: Query) {
      const bounds = (table: 'a' | 'j', ref: string) =>
        [
          condition(`${table}.tenant = ?`, tenant),
          since === undefined ? undefined : condition(`${table}.at >= ?`, new Date(since)),
          until === undefined ? undefined : condition(`${table}.at < ?`, new Date(until)),
          before === undefined ? undefined : condition(`${table}.at <= ?`, new Date(before.at)),
          before === undefined ? undefined : condition(`(${table}.at, (${ref}) collate "C") < (?, ?)`, new Date(before.at), before.ref),
        ].filter((one) => one !== undefined)
      const wanted = (name: string, value: string | undefined) => (value === undefined ? [] : [condition(`${name} = ?`, value)])
      const accesses = [...bounds('a', AUDIT_REF), ...wanted('a.key_id', keyId), ...wanted('a.what', what), ...wanted('a.actor_type', type), ...wanted('a.actor_id', id)]
      const steps = [...bounds('j', JOURNAL_REF), ...wanted('j.type', type), ...wanted('j.id', id)]
      if (keyId !== undefined) steps.push(condition('j.source in (?, ?, ?)', `rest:${keyId}`, `staff:key:${keyId}`, keyId))
      if (what !== undefined) steps.push(what === 'command' || what === 'intervene' ? condition(`(left(j.source, 5) = 'staff') = ?`, what === 'intervene') : condition('false'))
      const { rows } = await knex.raw<{ rows: Row[] }>(
        `with found as (
           (select ${AUDIT_REF} as ref, a.at, a.key_id, a.what, a.action, a.actor_type, a.actor_id, a.asked, a.status, a.unmasked, a.reason, a.request_id, null::bigint as seq, null as event
            from business.audit a where ${textOf(accesses)} order by a.at desc, (${AUDIT_REF}) collate "C" desc limit ?)
           union all
           (select ${JOURNAL_REF}, j.at, ${KEY_OF_SOURCE}, case when left(j.source, 5) = 'staff' then 'intervene' else 'command' end, j.event_type, j.type, j.id, '{}', null, null,
              null, j.correlation_id, j.seq, j.event
            from standing.journal j where ${BY_PEOPLE} and ${textOf(steps)} order by j.at desc, (${JOURNAL_REF}) collate "C" desc limit ?)
         )
         select f.*, k.name as key_name, k.roles from found f left join business.api_keys k on k.id = f.key_id and k.tenant = ?
         order by f.at desc, f.ref collate "C" desc limit ?`,
        [...valuesOf(accesses), limit, ...valuesOf(steps), limit, tenant, limit],
      )
      return rows.map((row) => ({
        ref: row.ref,
        at: row.at.getTime(),
        keyId: row.key_id,
        keyName: row.key_name,
        roles: row.roles,
        what: row.what,
        action: row.action,
        actor: row.actor_type === null || row.actor_id === null ? null : { type: row.actor_type, id: row.actor_id },
        asked: JSON.parse(row.asked) as Record<string, string>,
        status: row.status,
        unmasked: row.unmasked,
        reason: row.event === null ? row.reason : reasonIn(row.event),
        requestId: row.request_id,
        seq: row.seq === null ? null : Number(row.seq),
      }))
    },
  }
}

function reasonIn(event: string): string | null {
  const { reason } = JSON.parse(event) as { reason?: unknown }
  return typeof reason === 'string' ? reason : null
}

type Condition = { text: string; values: readonly (string | Date | boolean)[] }

function condition(text: string, ...values: Condition['values']): Condition {
  return { text, values }
}

function textOf(conditions: readonly Condition[]): string {
  return conditions.map(({ text }) => text).join(' and ')
}

function valuesOf(conditions: readonly Condition[]): (string | Date | boolean)[] {
  return conditions.flatMap(({ values }) => [...values])
}
