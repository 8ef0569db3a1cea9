/**
 * What a careful programmer would write by hand: one transaction an event, over the same tables.
 * BEGIN, SELECT FOR UPDATE, UPDATE, INSERT journal, DELETE and INSERT timer, INSERT outbox, COMMIT; 16 connections.
 */
import pg from 'pg'
import { sortableId } from '../../runtime/index.ts'
import { sliceOf } from '../../runtime/model/address.ts'
import { actorId } from '../cycle.ts'

export interface Baseline {
  /** One event of one actor. Resolves with its new seq. */
  turn(id: string): Promise<number>
  close(): Promise<void>
}

const TYPE = 'baseline'

/** Makes `actors` rows to work on. */
export async function openBaseline(url: string, actors: number): Promise<Baseline> {
  const pool = new pg.Pool({ connectionString: url, max: 16 })
  await pool.query(
    `insert into standing.actors (tenant, type, id, slice, seq, version, status, value, context, states, tags, created_at, updated_at)
     select 'main', $1, 'c' || lpad(n::text, 7, '0'), 0, 1, '1', 'active', '"day"', '{"turns":0}', '{day}', '{}', now(), now() from generate_series(0, $2::int - 1) n
     on conflict do nothing`,
    [TYPE, actors],
  )
  return { turn: (id) => turn(pool, id), close: () => pool.end() }
}

async function turn(pool: pg.Pool, id: string): Promise<number> {
  const client = await pool.connect()
  try {
    await client.query('begin')
    const found = await client.query<{ seq: string; value: string; context: { turns: number } }>({
      name: 'lock',
      text: 'select seq, value, context from standing.actors where tenant = $1 and type = $2 and id = $3 for update',
      values: ['main', TYPE, id],
    })
    const row = found.rows[0]
    if (row === undefined) throw new Error(`no actor ${id}`)
    const seq = Number(row.seq) + 1
    const next = row.value === 'day' ? 'night' : 'day'
    const turns = row.context.turns + 1
    const key = `main/${TYPE}/${id}/${seq}/0`
    const slice = sliceOf({ tenant: 'main', type: TYPE, id })
    const eventId = sortableId()
    await client.query({
      name: 'update',
      text: 'update standing.actors set seq = $4, value = $5, context = $6, states = $7, updated_at = now() where tenant = $1 and type = $2 and id = $3',
      values: ['main', TYPE, id, seq, JSON.stringify(next), JSON.stringify({ turns }), [next]],
    })
    await client.query({
      name: 'journal',
      text: `insert into standing.journal (tenant, type, id, seq, slice, at, event_id, fresh, event_type, event, outcome, "from", "to", facts, timers, source, correlation_id, version)
             values ($1, $2, $3, $4, $5, now(), $6, true, 'turn', '{"type":"turn"}', 'applied', $7, $8, $9, $10, 'library', $6, '1')`,
      values: ['main', TYPE, id, seq, slice, eventId, JSON.stringify(row.value), JSON.stringify(next), JSON.stringify([{ key, type: 'cycle.turned', turns }]), JSON.stringify([{ id: `xstate.after.${next}`, dueAt: Date.now() }])],
    })
    await client.query({ name: 'disarm', text: 'delete from standing.timers where tenant = $1 and type = $2 and id = $3 and timer_id = $4', values: ['main', TYPE, id, `xstate.after.${row.value}`] })
    await client.query({
      name: 'arm',
      text: `insert into standing.timers (tenant, type, id, timer_id, slice, due_at, armed_at, armed_seq, action) values ($1, $2, $3, $4, $5, now() + interval '8 hours', now(), $6, '{"do":"raise"}')
             on conflict (tenant, type, id, timer_id) do update set due_at = excluded.due_at, armed_seq = excluded.armed_seq`,
      values: ['main', TYPE, id, `xstate.after.${next}`, slice, seq],
    })
    await client.query({
      name: 'outbox',
      text: `insert into standing.outbox (key, tenant, type, id, slice, kind, body, created_at) values ($4, $1, $2, $3, $5, 'fact', $6, now())`,
      values: ['main', TYPE, id, key, slice, JSON.stringify({ key, type: 'cycle.turned', turns, at: Date.now() })],
    })
    await client.query('commit')
    return seq
  } catch (error) {
    await client.query('rollback')
    throw error
  } finally {
    client.release()
  }
}

export function anyActor(actors: number): string {
  return actorId(Math.floor(Math.random() * actors))
}
