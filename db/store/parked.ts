import { addressKey } from '../../runtime/model/address.ts'
import type { ParkedKind, ParkedRow, PositionedParkedRow } from '../../runtime/model/records.ts'
import type { ParkedQuery } from '../../runtime/ports/store.ts'
import { ParkedElsewhereError } from '../../runtime/store/batch-rules.ts'
import type { Database } from './connections.ts'
import { isRefusal } from './errors.ts'
import { parkedAlone } from './sections/parked.ts'
import { Conditions, milliseconds } from './sql.ts'
import { StatementBuilder } from './statement.ts'

const COLUMNS = `p.position, p.event_id, p.tenant, p.type, p.id, p.slice, p.kind, p.event_type, p.delivery,
  p.error, ${milliseconds('p.at')} as at`

interface Stored {
  position: number | string
  event_id: string
  tenant: string
  type: string
  id: string
  slice: number
  kind: ParkedKind
  event_type: string
  delivery: string
  error: string | null
  at: number
}

function toRow(stored: Stored): PositionedParkedRow {
  return {
    position: Number(stored.position),
    eventId: stored.event_id,
    address: { tenant: stored.tenant, type: stored.type, id: stored.id },
    slice: stored.slice,
    kind: stored.kind,
    eventType: stored.event_type,
    delivery: stored.delivery,
    error: stored.error,
    at: stored.at,
  }
}

const ALONE = new StatementBuilder('park', [parkedAlone])

export async function park(database: Database, rows: readonly ParkedRow[]): Promise<void> {
  // One row twice in one statement would be an error.
  const distinct = [...new Map(rows.map((row) => [`${addressKey(row.address)}/${row.eventId}`, row])).values()]
  const statement = ALONE.buildFrom([{ rows: distinct, owners: [] }])
  if (statement === undefined) return
  try {
    await database.run(statement)
  } catch (error) {
    throw isRefusal(error) ? new ParkedElsewhereError(rows) : error
  }
}

export async function listParked(database: Database, { tenant, kind, address, limit, afterPosition }: ParkedQuery): Promise<PositionedParkedRow[]> {
  const conditions = new Conditions()
    .add(address?.tenant ?? tenant, (value) => `p.tenant = ${value}`)
    .add(address?.type, (value) => `p.type = ${value}`)
    .add(address?.id, (value) => `p.id = ${value}`)
    .add(kind, (value) => `p.kind = ${value}`)
    .add(afterPosition, (value) => `p.position > ${value}::bigint`)
  const text = `select ${COLUMNS} from standing.parked p ${conditions.where()} order by p.position limit ${conditions.placeholder(limit)}`
  return (await database.run<Stored>({ text, values: conditions.values })).map(toRow)
}

export async function findParked(database: Database, tenant: string, eventId: string): Promise<PositionedParkedRow | undefined> {
  const rows = await database.run<Stored>({
    text: `select ${COLUMNS} from standing.parked p where p.tenant = $1 and p.event_id = $2`,
    values: [tenant, eventId],
  })
  return rows.map(toRow)[0]
}

export async function setParkedKind(database: Database, tenant: string, eventId: string, kind: ParkedKind): Promise<void> {
  await database.run({ text: 'update standing.parked set kind = $3 where tenant = $1 and event_id = $2', values: [tenant, eventId, kind] })
}

export async function removeParked(database: Database, tenant: string, eventIds: readonly string[]): Promise<void> {
  if (eventIds.length === 0) return
  await database.run({ text: 'delete from standing.parked where tenant = $1 and event_id = any ($2::text[])', values: [tenant, eventIds] })
}
