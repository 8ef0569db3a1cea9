import type { EffectProgress, EffectRow, EffectStatus } from '../../runtime/model/records.ts'
import type { EffectQuery } from '../../runtime/ports/store.ts'
import { addressKey } from '../../runtime/model/address.ts'
import type { Database } from './connections.ts'
import { Conditions, instant, milliseconds } from './sql.ts'

const COLUMNS = `e.key, e.tenant, e.type, e.id, e.slice, e.name, e.kind, e.child_id, e.lane, e.input, e.status, e.attempts,
  ${milliseconds('e.next_attempt_at')} as next_attempt_at, e.last_error, ${milliseconds('e.created_at')} as created_at,
  e.correlation_id`

interface Stored {
  key: string
  tenant: string
  type: string
  id: string
  slice: number
  name: string
  kind: EffectRow['kind']
  child_id: string | null
  lane: string
  input: string
  status: EffectStatus
  attempts: number
  next_attempt_at: number
  last_error: string | null
  created_at: number
  correlation_id: string
}

function toRow(stored: Stored): EffectRow {
  return {
    key: stored.key,
    address: { tenant: stored.tenant, type: stored.type, id: stored.id },
    slice: stored.slice,
    name: stored.name,
    kind: stored.kind,
    childId: stored.child_id,
    lane: stored.lane,
    input: stored.input,
    status: stored.status,
    attempts: stored.attempts,
    nextAttemptAt: stored.next_attempt_at,
    lastError: stored.last_error,
    createdAt: stored.created_at,
    correlationId: stored.correlation_id,
  }
}

/** Longest due first, so that a retry does not stand in the way of what came before it was due. */
export async function dueEffects(
  database: Database,
  query: { until: number; limit: number; lane?: string | undefined; slices?: readonly number[] | undefined },
): Promise<EffectRow[]> {
  const conditions = new Conditions()
    .add(query.until, (value) => `e.status <> 'failed' and e.next_attempt_at <= ${instant(value)}`)
    .add(query.lane, (value) => `e.lane = ${value}`)
    .add(query.slices, (value) => `e.slice = any (${value}::smallint[])`)
  const text = `select ${COLUMNS} from standing.effects e ${conditions.where()} order by e.next_attempt_at, e.key limit ${conditions.placeholder(query.limit)}`
  const name = `effects_due${query.lane === undefined ? '' : '_lane'}${query.slices === undefined ? '' : '_slices'}`
  return (await database.run<Stored>({ name, text, values: conditions.values })).map(toRow)
}

export async function progressEffects(database: Database, changes: readonly EffectProgress[]): Promise<void> {
  if (changes.length === 0) return
  await database.run({
    name: 'effects_progress',
    text: `
      update standing.effects e
      set status = n.status, attempts = n.attempts, next_attempt_at = ${instant('n.next_attempt_at')}, last_error = n.last_error
      from unnest($1::text[], $2::text[], $3::integer[], $4::float8[], $5::text[]) as n(key, status, attempts, next_attempt_at, last_error)
      where e.key = n.key`,
    values: [
      changes.map(({ key }) => key),
      changes.map(({ status }) => status),
      changes.map(({ attempts }) => attempts),
      changes.map(({ nextAttemptAt }) => nextAttemptAt),
      changes.map(({ lastError }) => lastError),
    ],
  })
}

export async function removeEffects(database: Database, keys: readonly string[]): Promise<void> {
  if (keys.length === 0) return
  await database.run({ name: 'effects_remove', text: 'delete from standing.effects where key = any ($1::text[])', values: [keys] })
}

export async function listEffects(database: Database, { tenant, status, address, lane, name, since, limit, afterKey }: EffectQuery): Promise<EffectRow[]> {
  const conditions = new Conditions()
    .add(tenant, (value) => `e.tenant = ${value}`)
    .add(status, (value) => `e.status = ${value}`)
    .add(lane, (value) => `e.lane = ${value}`)
    .add(name, (value) => `e.name = ${value}`)
    .add(since, (value) => `e.created_at >= ${instant(value)}`)
    .add(afterKey, (value) => `e.key > ${value}`)
  if (address !== undefined) {
    // Keys begin with their actor's (R5), so the primary key finds them; '0' is the character after '/'.
    const key = addressKey(address)
    conditions.add(`${key}/`, (value) => `e.key > ${value}`).add(`${key}0`, (value) => `e.key < ${value}`)
  }
  const text = `select ${COLUMNS} from standing.effects e ${conditions.where()} order by e.key limit ${conditions.placeholder(limit)}`
  return (await database.run<Stored>({ text, values: conditions.values })).map(toRow)
}
