/**
 * Leases in Postgres. Each session has a connection of its own: it never waits behind commits, and when it ends, everybody can see in
 * the server's list of sessions that the node is gone.
 */
import type { BeatAnswer, BeatRequest, LeaseSession, Leases, NodeRow, SliceRow } from '../../runtime/ports/leases.ts'
import type { Database } from './connections.ts'

/** After a restart of the database all sessions are gone, dead and living; the living get this long to come back. */
const RETURN_SECONDS = 3
/** A dead node stays on the list for this long, for people to see. */
const FORGET_SECONDS = 60

const STARTED = 'pg_postmaster_start_time()'
const RETURN_UNTIL = `${STARTED} + interval '${RETURN_SECONDS} seconds'`

/** Without rights to see the session's start the number alone must do. */
const HAS_SESSION = `exists (
  select from pg_stat_get_activity(n.session_pid) a where a.backend_start is null or n.session_start is null or a.backend_start = n.session_start)`

const IS_LIVE = `(n.seen_until > now() and ${HAS_SESSION})`
/** The same for one who was there before the restart: then those who have not come back yet may only be a little slower. */
const MAY_RETURN = `(n.seen_at < ${STARTED} and ${RETURN_UNTIL} > now() and (select m.started_at from standing.nodes m where m.node = $1 and not $8) < ${STARTED})`

const MS = (column: string): string => `round(extract(epoch from ${column}) * 1000)`
/** A lease does not run out while the database is down. */
const IS_OVER = `(s.lease_until is null or greatest(s.lease_until, ${RETURN_UNTIL}) <= now())`

const STATES = `
  'nodes', (select coalesce(jsonb_agg(jsonb_build_object('node', k.node, 'address', k.address, 'startedAt', ${MS('k.started_at')},
      'seenAt', ${MS('k.seen_at')}, 'isLive', k.is_live) order by k.node), '[]') from known k),
  'slices', (select jsonb_agg(jsonb_build_object('slice', s.slice, 'owner', s.owner, 'epoch', s.epoch, 'leaseUntil', ${MS('s.lease_until')},
      'isFree', s.owner is null or ${IS_OVER} or s.owner in (select k.node from known k where not k.is_live)) order by s.slice)
    from standing.slices s)`

/**
 * What is wanted is locked first, passing over what others are just taking, so that no two beats wait for each other; a row that has
 * changed since the statement began is looked at again as it is now. Owners that the statement has not seen yet are never in `dead`.
 */
const BEAT = `
with known as materialized (
  select n.node, n.address, n.started_at, n.seen_at, n.seen_until, ${IS_LIVE} or coalesce(${MAY_RETURN}, false) as is_live
  from standing.nodes n where n.node <> $1
  union all
  select $1, $2, coalesce((select n.started_at from standing.nodes n where n.node = $1 and not $8), now()), now(), now(), true
),
self as (
  insert into standing.nodes (node, address, started_at, seen_at, seen_until, session_pid, session_start)
  select $1, $2, now(), now(), now() + $3 * interval '1 millisecond', pg_backend_pid(), a.backend_start
  from pg_stat_get_activity(pg_backend_pid()) a
  on conflict (node) do update set address = excluded.address, seen_at = excluded.seen_at,
    seen_until = excluded.seen_until, session_pid = excluded.session_pid, session_start = excluded.session_start,
    started_at = case when $8 then excluded.started_at else nodes.started_at end
),
forgotten as (
  delete from standing.nodes n using known k
  where n.node = k.node and n.seen_until = k.seen_until and not k.is_live and n.seen_until < now() - interval '${FORGET_SECONDS} seconds'
),
dead as materialized (select k.node from known k where not k.is_live),
wanted as materialized (
  select s.slice, h.slice is not null as is_held
  from standing.slices s left join unnest($4::smallint[], $5::bigint[]) as h(slice, epoch) on h.slice = s.slice and h.epoch = s.epoch and s.owner = $1
  where h.slice is not null
     or (s.slice = any ($6::smallint[]) and (not $7 or (select count(*) from known k where k.is_live) = 1)
         and (s.owner is null or s.owner = $1 or ${IS_OVER} or s.owner in (select d.node from dead d)))
  for update of s skip locked
),
changed as (
  update standing.slices s
  set owner = $1, epoch = s.epoch + (case when w.is_held then 0 else 1 end), lease_until = now() + $3 * interval '1 millisecond'
  from wanted w where s.slice = w.slice
  returning s.slice, s.epoch
)
select jsonb_build_object(
  'held', (select coalesce(jsonb_agg(jsonb_build_array(c.slice, c.epoch) order by c.slice), '[]') from changed c), ${STATES}) as state`

const LIST = `
with known as materialized (select n.node, n.address, n.started_at, n.seen_at, ${IS_LIVE} as is_live from standing.nodes n)
select jsonb_build_object(${STATES}) as state`

const RELEASE = `
update standing.slices s set owner = null, lease_until = null
from unnest($2::smallint[], $3::bigint[]) as h(slice, epoch) where h.slice = s.slice and h.epoch = s.epoch and s.owner = $1`

/** One statement, so that nobody sees a node that is off the list and still owns something. */
const LEAVE = `
with freed as (update standing.slices set owner = null, lease_until = null where owner = $1)
delete from standing.nodes where node = $1`

export class PostgresLeases implements Leases {
  readonly #openSession: () => Database & { end(): Promise<void> }
  readonly #queries: Database
  readonly #sessions = new Set<Session>()

  constructor(openSession: () => Database & { end(): Promise<void> }, queries: Database) {
    this.#openSession = openSession
    this.#queries = queries
  }

  open(): LeaseSession {
    const session = new Session(this.#openSession(), () => void this.#sessions.delete(session))
    this.#sessions.add(session)
    return session
  }

  async list(): Promise<{ nodes: NodeRow[]; slices: SliceRow[] }> {
    const [row] = await this.#queries.run<{ state: { nodes: NodeRow[]; slices: SliceRow[] } }>({ text: LIST })
    if (row === undefined) throw new Error('unreachable: a select without from has one row')
    return row.state
  }

  async end(): Promise<void> {
    await Promise.all([...this.#sessions].map((session) => session.end()))
  }
}

class Session implements LeaseSession {
  readonly #database: Database & { end(): Promise<void> }
  readonly #ended: () => void
  #ending: Promise<void> | undefined

  constructor(database: Database & { end(): Promise<void> }, ended: () => void) {
    this.#database = database
    this.#ended = ended
  }

  async beat({ node, address, leaseMs, held, take, takeOnlyAlone, isFirst }: BeatRequest): Promise<BeatAnswer> {
    const values = [node, address, leaseMs, [...held.keys()], [...held.values()], take, takeOnlyAlone, isFirst]
    const [row] = await this.#database.run<{ state: Omit<BeatAnswer, 'held'> & { held: [number, number][] } }>({ name: 'beat', text: BEAT, values })
    if (row === undefined) throw new Error('unreachable: a select without from has one row')
    return { ...row.state, held: new Map(row.state.held) }
  }

  async release(node: string, held: ReadonlyMap<number, number>): Promise<void> {
    if (held.size > 0) await this.#database.run({ text: RELEASE, values: [node, [...held.keys()], [...held.values()]] })
  }

  async leave(node: string): Promise<void> {
    try {
      await this.#database.run({ text: LEAVE, values: [node] })
    } finally {
      await this.end()
    }
  }

  close(): void {
    void this.end().catch(() => undefined)
  }

  end(): Promise<void> {
    this.#ended()
    return (this.#ending ??= this.#database.end())
  }
}
