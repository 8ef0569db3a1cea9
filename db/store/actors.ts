import { addressKey, type Address } from '../../runtime/model/address.ts'
import type { ActorStatus, StoredActor, TimerRow } from '../../runtime/model/records.ts'
import type { ListQuery, LoadedActor, StateCount } from '../../runtime/ports/store.ts'
import type { Database } from './connections.ts'
import { Conditions, instant, milliseconds } from './sql.ts'

const COLUMNS = `a.tenant, a.type, a.id, a.slice, a.seq, a.version, a.status, a.hold, a.value,
  a.context, a.history, a.children, a.output,
  a.error, array_to_string(a.states, E'\\x1d') as states, array_to_string(a.tags, E'\\x1d') as tags,
  a.parent, ${milliseconds('a.created_at')} as created_at, ${milliseconds('a.updated_at')} as updated_at`

/**
 * Together with its actor in one statement, so in one snapshot: timers of another seq would be wrong ones. Unordered: the engine's
 * connections do not sort (connections.ts), and an ordered aggregate would walk the index on due times, through every timer there is.
 */
const TIMERS = `
  (select json_agg(json_build_array(t.timer_id, ${milliseconds('t.due_at')}, ${milliseconds('t.armed_at')}, t.armed_seq, t.action))::text
   from standing.timers t where t.tenant = a.tenant and t.type = a.type and t.id = a.id) as timers`

interface Stored {
  tenant: string
  type: string
  id: string
  slice: number
  seq: number | string
  version: string
  status: ActorStatus
  hold: string | null
  value: string
  context: string
  history: string | null
  children: string | null
  output: string | null
  error: string | null
  states: string
  tags: string
  parent: string | null
  created_at: number
  updated_at: number
}

function toActor(stored: Stored): StoredActor {
  return {
    address: { tenant: stored.tenant, type: stored.type, id: stored.id },
    slice: stored.slice,
    seq: Number(stored.seq),
    version: stored.version,
    status: stored.status,
    hold: stored.hold,
    value: stored.value,
    context: stored.context,
    history: stored.history,
    children: stored.children,
    output: stored.output,
    error: stored.error,
    states: split(stored.states),
    tags: split(stored.tags),
    parent: stored.parent,
    createdAt: stored.created_at,
    updatedAt: stored.updated_at,
  }
}

/** Joined on the server: the driver's parser of arrays looks at every character. */
function split(joined: string): string[] {
  return joined === '' ? [] : joined.split('\u001d')
}

function toTimers(json: string | null): TimerRow[] {
  if (json === null) return []
  const rows = JSON.parse(json) as [id: string, dueAt: number, armedAt: number, armedSeq: number, action: string][]
  return rows.map(([id, dueAt, armedAt, armedSeq, action]) => ({ id, dueAt, armedAt, armedSeq, action })).sort((a, b) => a.dueAt - b.dueAt || (a.id < b.id ? -1 : 1))
}

export async function load(database: Database, addresses: readonly Address[]): Promise<Map<string, LoadedActor>> {
  if (addresses.length === 0) return new Map()
  const rows = await database.run<Stored & { timers: string | null }>({
    name: 'actors_load',
    text: `
      select ${COLUMNS}, ${TIMERS}
      from unnest($1::text[], $2::text[], $3::text[]) as n(tenant, type, id)
      join standing.actors a on a.tenant = n.tenant and a.type = n.type and a.id = n.id`,
    values: [addresses.map(({ tenant }) => tenant), addresses.map(({ type }) => type), addresses.map(({ id }) => id)],
  })
  return new Map(rows.map((row) => [addressKey(row), { actor: toActor(row), timers: toTimers(row.timers) }]))
}

/** Through one type's actors in order of id, however rare what is looked for: an index on states would be paid by every event. */
export async function list(database: Database, query: ListQuery): Promise<StoredActor[]> {
  const conditions = new Conditions()
    .add(query.tenant, (value) => `a.tenant = ${value}`)
    .add(query.type, (value) => `a.type = ${value}`)
    .add(query.afterId, (value) => `a.id > ${value}`)
    .add(query.state, (value) => `${value} = any (a.states)`)
    .add(query.tag, (value) => `${value} = any (a.tags)`)
    .add(query.updatedSince, (value) => `a.updated_at >= ${instant(value)}`)
    .add(query.status, (value) => `case when a.hold is null then a.status else 'blocked' end = ${value}`)
  const text = `select ${COLUMNS} from standing.actors a ${conditions.where()} order by a.tenant, a.type, a.id limit ${conditions.placeholder(query.limit)}`
  return (await database.run<Stored>({ text, values: conditions.values })).map(toActor)
}

export async function stateCounts(database: Database, tenant: string | undefined): Promise<StateCount[]> {
  const conditions = new Conditions().add(tenant, (value) => `a.tenant = ${value}`)
  const rows = await database.run<{ type: string; state: string; status: string; count: number | string }>({
    text: `
      select a.type, s.state, case when a.hold is null then a.status else 'blocked' end as status, count(*) as count
      from standing.actors a cross join unnest(a.states) as s(state)
      ${conditions.where()} group by 1, 2, 3 order by 1, 2, 3`,
    values: conditions.values,
  })
  return rows.map((row) => ({ ...row, count: Number(row.count) }))
}
