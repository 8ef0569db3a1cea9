/** The bare set-based ceiling: the same rows by `unnest`, in batches as large, without any machine. */
import pg from 'pg'
import type { StoredActor } from '../../runtime/model/records.ts'
import type { CommitBatch } from '../../runtime/ports/store.ts'
import { postgresStore } from '../../db/store/index.ts'
import { sliceOf } from '../../runtime/model/address.ts'
import { actorId } from '../cycle.ts'

const TYPE = 'ceiling'

/** Writes batches of `batchSize` events with two commits under way; resolves with events per second. */
export async function ceiling(url: string, actors: number, batchSize: number, warmupMs: number, durationMs: number): Promise<number> {
  await seed(url, actors)
  const store = postgresStore({ url })
  await store.start()
  const seqs = new Int32Array(actors).fill(1)
  const begin = performance.now() + warmupMs
  const end = begin + durationMs
  let count = 0
  // Each of the two writers has its own half of the actors, so that they never meet.
  const writer = async (first: number, last: number): Promise<void> => {
    let next = first
    let relayed: string[] = []
    while (performance.now() < end) {
      const ids: number[] = []
      for (let i = 0; i < batchSize; i++) {
        ids.push(next)
        next = next + 1 >= last ? first : next + 1
      }
      const batch = batchOf(ids, seqs, relayed)
      await store.commit(batch)
      relayed = batch.actors.flatMap((actor) => actor.outbox.map(({ key }) => key))
      const now = performance.now()
      if (now > begin && now < end) count += ids.length
    }
  }
  const half = Math.floor(actors / 2)
  await Promise.all([writer(0, half), writer(half, actors)])
  await store.stop()
  return (count / durationMs) * 1_000
}

async function seed(url: string, actors: number): Promise<void> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  await client.query(
    `insert into standing.actors (tenant, type, id, slice, seq, version, status, value, context, states, tags, created_at, updated_at)
     select 'main', $1, 'c' || lpad(n::text, 7, '0'), 0, 1, '1', 'active', '"day"', '{"turns":0}', '{day}', '{}', now(), now() from generate_series(0, $2::int - 1) n`,
    [TYPE, actors],
  )
  await client.end()
}

function batchOf(ids: readonly number[], seqs: Int32Array, relayed: string[]): CommitBatch {
  const at = Date.now()
  return {
    relayed,
    actors: ids.map((n) => {
      const address = { tenant: 'main', type: TYPE, id: actorId(n) }
      const expectedSeq = seqs[n] as number
      const seq = expectedSeq + 1
      seqs[n] = seq
      const [from, to] = seq % 2 === 0 ? (['day', 'night'] as const) : (['night', 'day'] as const)
      const key = `main/${TYPE}/${address.id}/${seq}/0`
      const slice = sliceOf(address)
      const next: StoredActor = { address, slice, seq, version: '1', status: 'active', hold: null, value: `"${to}"`, context: `{"turns":${seq}}`, history: null, children: null, output: null, error: null, states: [to], tags: [], parent: null, createdAt: at, updatedAt: at }
      return {
        expectedSeq,
        next,
        journal: [{ seq, at, eventId: `01jd3k6v7q8w9x0y1z${seq}`, fresh: true, eventType: 'turn', event: '{"type":"turn"}', outcome: 'applied', from: `"${from}"`, to: `"${to}"`, facts: `[{"key":"${key}","type":"cycle.turned","turns":${seq}}]`, effects: null, timers: `[{"id":"xstate.after.${to}Watch.cycle.${to}","dueAt":${at}},{"id":"xstate.after.${from}Watch.cycle.${from}","cancelled":true}]`, source: 'library', correlationId: '01jd3k6v7q8w9x0y1z2a3b4c5d', causationId: null, version: '1' }],
        timersSet: [{ id: `xstate.after.${to}Watch.cycle.${to}`, dueAt: at + 8 * 3_600_000, armedAt: at, armedSeq: seq, action: `{"do":"raise","event":{"type":"xstate.after.${to}Watch.cycle.${to}"}}` }],
        timersCleared: [`xstate.after.${from}Watch.cycle.${from}`],
        effectsAdded: [],
        effectsRemoved: [],
        outbox: [{ key, sender: address, slice, kind: 'fact', body: `{"key":"${key}","address":{"tenant":"main","type":"${TYPE}","id":"${address.id}"},"seq":${seq},"type":"cycle.turned","data":{"turns":${seq}},"at":${at},"correlationId":"01jd3k6v7q8w9x0y1z2a3b4c5d","causationId":"01jd3k6v7q8w9x0y1z2a3b4c5d"}` }],
        parked: [],
        unparked: [],
        identifiers: undefined,
        rows: [],
      }
    }),
  }
}
