import type { DueTimer } from '../../runtime/model/records.ts'
import type { Database } from './connections.ts'
import { Conditions, instant, milliseconds } from './sql.ts'

interface Stored {
  tenant: string
  type: string
  id: string
  slice: number
  timer_id: string
  due_at: number
  armed_at: number
  armed_seq: number | string
  action: string
}

/** R6: in due order, and in one order among those due at once, so that every node and every restart sees the same. */
export async function dueTimers(
  database: Database,
  query: { until: number; limit: number; after?: DueTimer | undefined; slices?: readonly number[] | undefined },
): Promise<DueTimer[]> {
  const { after } = query
  const conditions = new Conditions()
    .add(query.until, (value) => `t.due_at <= ${instant(value)}`)
    .add(query.slices, (value) => `t.slice = any (${value}::smallint[])`)
  if (after !== undefined) {
    const position = [after.address.tenant, after.address.type, after.address.id, after.id].map((value) => conditions.placeholder(value))
    conditions.add(after.dueAt, (value) => `(t.due_at, t.tenant, t.type, t.id, t.timer_id) > (${[instant(value), ...position].join(', ')})`)
  }
  const limit = conditions.placeholder(query.limit)
  const rows = await database.run<Stored>({
    name: `timers_due${query.slices === undefined ? '' : '_slices'}${after === undefined ? '' : '_after'}`,
    text: `
      select t.tenant, t.type, t.id, t.slice, t.timer_id, ${milliseconds('t.due_at')} as due_at, ${milliseconds('t.armed_at')} as armed_at,
        t.armed_seq, t.action
      from standing.timers t ${conditions.where()}
      order by t.due_at, t.tenant, t.type, t.id, t.timer_id limit ${limit}`,
    values: conditions.values,
  })
  return rows.map((row) => ({
    address: { tenant: row.tenant, type: row.type, id: row.id },
    slice: row.slice,
    id: row.timer_id,
    dueAt: row.due_at,
    armedAt: row.armed_at,
    armedSeq: Number(row.armed_seq),
    action: row.action,
  }))
}

const NOT_HELD = (row: string): string => `not exists (
  select from standing.actors a where a.tenant = ${row}.tenant and a.type = ${row}.type and a.id = ${row}.id and a.hold is not null)`

/** Over actors that take events: a held one's timers wait with it (R7). */
export async function nextDueAt(database: Database): Promise<number | undefined> {
  const rows = await database.run<{ next: number | null }>({
    name: 'next_due',
    text: `
      select ${milliseconds('least(timer, effect)')} as next
      from (select
        (select t.due_at from standing.timers t where ${NOT_HELD('t')} order by t.due_at limit 1) as timer,
        (select e.next_attempt_at from standing.effects e
         where e.status <> 'failed' and e.status <> 'running' and ${NOT_HELD('e')} order by e.next_attempt_at limit 1) as effect) as first`,
  })
  return rows[0]?.next ?? undefined
}
