import type { OutboxRow, PositionedOutboxRow } from '../../runtime/model/records.ts'
import { addressKey, type Address } from '../../runtime/model/address.ts'
import type { Database } from './connections.ts'
import { Conditions, milliseconds } from './sql.ts'

interface Stored {
  position: number | string
  key: string
  tenant: string
  type: string
  id: string
  slice: number
  kind: OutboxRow['kind']
  body: string
}

export async function unsentOutbox(
  database: Database,
  query: { afterPosition: number; limit: number; slices?: readonly number[] | undefined },
): Promise<PositionedOutboxRow[]> {
  const conditions = new Conditions()
    .add(query.afterPosition, (value) => `o.position > ${value}::bigint`)
    .add(query.slices, (value) => `o.slice = any (${value}::smallint[])`)
  const rows = await database.run<Stored>({
    name: query.slices === undefined ? 'outbox_unsent' : 'outbox_unsent_slices',
    text: `
      select o.position, o.key, o.tenant, o.type, o.id, o.slice, o.kind, o.body
      from standing.outbox o ${conditions.where()} order by o.position limit ${conditions.placeholder(query.limit)}`,
    values: conditions.values,
  })
  return rows.map((row) => ({
    position: Number(row.position),
    key: row.key,
    sender: { tenant: row.tenant, type: row.type, id: row.id },
    slice: row.slice,
    kind: row.kind,
    body: row.body,
  }))
}

/** Goes through what waits, which is little while the bus takes things: an index for this one question would cost every commit. */
export async function unsentOf(database: Database, senders: readonly Address[]): Promise<string[]> {
  const rows = await database.run<{ key: string }>({
    name: 'outbox_unsent_of',
    text: `select o.key from standing.outbox o where o.position > 0 and o.tenant || '/' || o.type || '/' || o.id = any ($1::text[])`,
    values: [senders.map(addressKey)],
  })
  return rows.map(({ key }) => key)
}

export async function removeOutbox(database: Database, keys: readonly string[]): Promise<void> {
  if (keys.length === 0) return
  await database.run({ name: 'outbox_remove', text: 'delete from standing.outbox where key = any ($1::text[])', values: [keys] })
}

export async function outboxBacklog(database: Database): Promise<{ count: number; oldestAt: number | undefined }> {
  const rows = await database.run<{ count: number | string; oldest: number | null }>({
    text: `select count(*) as count, ${milliseconds('min(created_at)')} as oldest from standing.outbox`,
  })
  return { count: Number(rows[0]?.count ?? 0), oldestAt: rows[0]?.oldest ?? undefined }
}
