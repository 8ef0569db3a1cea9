import type { Address } from '../../runtime/model/address.ts'
import type { JournalOutcome, JournalRow } from '../../runtime/model/records.ts'
import { factsOf } from '../../runtime/feed/journaled.ts'
import type { HistoryQuery, JournalFactsQuery, JournalPage } from '../../runtime/ports/store.ts'
import type { Database } from './connections.ts'
import { Conditions, instant, milliseconds } from './sql.ts'

const COLUMNS = `j.seq, ${milliseconds('j.at')} as at, j.event_id, j.fresh, j.event_type, j.event, j.outcome,
  j."from", j."to", j.facts, j.effects, j.timers,
  j.source, j.correlation_id, j.causation_id, j.version`

interface Stored {
  seq: number | string
  at: number
  event_id: string
  fresh: boolean
  event_type: string
  event: string
  outcome: JournalOutcome
  from: string | null
  to: string
  facts: string | null
  effects: string | null
  timers: string | null
  source: string
  correlation_id: string
  causation_id: string | null
  version: string
}

function toRow(stored: Stored): JournalRow {
  return {
    seq: Number(stored.seq),
    at: stored.at,
    eventId: stored.event_id,
    fresh: stored.fresh,
    eventType: stored.event_type,
    event: stored.event,
    outcome: stored.outcome,
    from: stored.from,
    to: stored.to,
    facts: stored.facts,
    effects: stored.effects,
    timers: stored.timers,
    source: stored.source,
    correlationId: stored.correlation_id,
    causationId: stored.causation_id,
    version: stored.version,
  }
}

/** How far back an id made for one delivery is looked for: it is asked for right after its commit, whose outcome was lost. */
const FRESH_REACH = 1000

const COMMON = 'j.tenant = n.tenant and j.type = n.type and j.id = n.id and j.event_id = n.event_id'

/** R3: by the index that fences event ids; those it leaves out are looked for among the actor's newest rows. */
export async function storedEvents(
  database: Database,
  events: readonly { address: Address; eventId: string }[],
): Promise<{ address: Address; row: JournalRow }[]> {
  if (events.length === 0) return []
  const rows = await database.run<Stored & { ordinal: number | string }>({
    name: 'journal_events',
    text: `
      select n.ordinal, j.*
      from unnest($1::text[], $2::text[], $3::text[], $4::text[]) with ordinality as n(tenant, type, id, event_id, ordinal)
      cross join lateral (
        (select ${COLUMNS} from standing.journal j where ${COMMON} and not j.fresh)
        union all
        (select ${COLUMNS} from standing.journal j
         where ${COMMON} and j.fresh and j.seq > (
           select a.seq - ${FRESH_REACH} from standing.actors a where a.tenant = n.tenant and a.type = n.type and a.id = n.id)
         order by j.seq desc limit 1)
        limit 1
      ) as j
      order by n.ordinal`,
    values: [
      events.map(({ address }) => address.tenant),
      events.map(({ address }) => address.type),
      events.map(({ address }) => address.id),
      events.map(({ eventId }) => eventId),
    ],
  })
  return rows.flatMap((row) => {
    const event = events[Number(row.ordinal) - 1]
    return event === undefined ? [] : [{ address: event.address, row: toRow(row) }]
  })
}

export async function history(database: Database, { tenant, type, id }: Address, { limit, afterSeq, order }: HistoryQuery): Promise<JournalRow[]> {
  const [beyond, first] = order === 'asc' ? ['>', -1] : ['<', Number.MAX_SAFE_INTEGER]
  const rows = await database.run<Stored>({
    name: `journal_${order}`,
    text: `
      select ${COLUMNS} from standing.journal j
      where j.tenant = $1 and j.type = $2 and j.id = $3 and j.seq ${beyond} $4::bigint
      order by j.tenant ${order}, j.type ${order}, j.id ${order}, j.seq ${order} limit $5`,
    values: [tenant, type, id, afterSeq ?? first, limit],
  })
  return rows.map(toRow)
}

/** By the index of times. Steps have whole milliseconds, so a cursor says exactly where a row stands. */
export async function journaledFacts(database: Database, { tenant, from, types, after, limit }: JournalFactsQuery): Promise<JournalPage> {
  const conditions = new Conditions()
    .add(tenant, (value) => `j.facts is not null and j.tenant = ${value}`)
    .add(Math.max(from, after?.at ?? 0), (value) => `j.at >= ${instant(value)}`)
    .add(types, (value) => `j.type = any (${value}::text[])`)
  if (after !== undefined) {
    const [at, type, id] = [conditions.placeholder(after.at), conditions.placeholder(after.type), conditions.placeholder(after.id)]
    conditions.add(after.seq, (seq) => `(j.at, j.type, j.id, j.seq) > (${instant(at)}, ${type}, ${id}, ${seq}::bigint)`)
  }
  const text = `
    select j.tenant, j.type, j.id, j.seq, ${milliseconds('j.at')} as at, j.facts, j.correlation_id, j.event_id
    from standing.journal j ${conditions.where()}
    order by j.at, j.type, j.id, j.seq limit ${conditions.placeholder(limit)}`
  const rows = await database.run<Address & Pick<Stored, 'seq' | 'at' | 'facts' | 'correlation_id' | 'event_id'>>({ text, values: conditions.values })
  const facts = rows.flatMap(({ type, id, seq, at, facts, correlation_id, event_id }) => factsOf({ tenant, type, id }, { seq: Number(seq), at, facts, correlationId: correlation_id, eventId: event_id }))
  const last = rows.length < limit ? undefined : rows.at(-1)
  return { facts, next: last === undefined ? undefined : { at: last.at, type: last.type, id: last.id, seq: Number(last.seq) } }
}
