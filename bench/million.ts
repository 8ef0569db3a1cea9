/**
 * A million actors, each with a timer far in the future. One is made by the engine and copied as rows, so
 * that all are exactly what the engine itself would have stored.
 */
import pg from 'pg'
import { createRuntime, sliceOf } from '../runtime/index.ts'
import { postgresStore } from '../db/store/index.ts'
import { actorId, cycle } from './cycle.ts'
import type { Lab } from './lab.ts'

export const MILLION = 1_000_000
const TEMPLATE = 'bench_million'
const CHUNK = 50_000

const COPY = /* sql */ `
with copied as (select * from unnest($1::text[], $2::smallint[]) as c(id, slice)),
actor as (
  insert into standing.actors (tenant, type, id, slice, seq, version, status, hold, value, context, history, children, output, error, states, tags, parent, created_at, updated_at)
  select a.tenant, a.type, c.id, c.slice, seq, version, status, hold, value, context, history, children, output, error, states, tags, parent, created_at, updated_at
  from standing.actors a, copied c where a.id = 'first'
),
journal as (
  insert into standing.journal (tenant, type, id, seq, slice, at, event_id, fresh, event_type, event, outcome, "from", "to", facts, effects, timers, source, correlation_id, causation_id, version)
  select j.tenant, j.type, c.id, seq, c.slice, at, event_id, fresh, event_type, event, outcome, "from", "to", facts, effects, timers, source, correlation_id, causation_id, version
  from standing.journal j, copied c where j.id = 'first'
)
insert into standing.timers (tenant, type, id, timer_id, slice, due_at, armed_at, armed_seq, action)
select t.tenant, t.type, c.id, timer_id, c.slice, now() + interval '1 day' + random() * interval '1 year', armed_at, armed_seq, action
from standing.timers t, copied c where t.id = 'first'`

const made = new WeakMap<Lab, Promise<void>>()

/** A database of its own with the million in it. */
export async function million(lab: Lab, name: string): Promise<string> {
  let template = made.get(lab)
  if (template === undefined) made.set(lab, (template = fill(lab)))
  await template
  return lab.database(name, TEMPLATE)
}

async function fill(lab: Lab): Promise<void> {
  const url = await lab.database(TEMPLATE)
  const runtime = createRuntime({ actors: [cycle], store: postgresStore({ url }) })
  await runtime.start()
  await runtime.create({ type: 'cycle', id: 'first' })
  await runtime.stop()

  const client = new pg.Client({ connectionString: url })
  await client.connect()
  for (let n = 0; n < MILLION; n += CHUNK) {
    const ids = Array.from({ length: CHUNK }, (_, i) => actorId(n + i))
    await client.query(COPY, [ids, ids.map((id) => sliceOf({ tenant: 'main', type: 'cycle', id }))])
  }
  // Else it would begin by itself in the middle of a measurement.
  await client.query('vacuum (analyze) standing.actors, standing.journal, standing.timers')
  await client.query('checkpoint')
  await client.end()
}
