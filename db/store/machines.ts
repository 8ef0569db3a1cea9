import type { Address } from '../../runtime/model/address.ts'
import type { MachineRow, StoredShape, StoredTimers } from '../../runtime/ports/store.ts'
import type { Database } from './connections.ts'
import { instant, milliseconds } from './sql.ts'

/** A definition that is known already keeps the moment it was first deployed. */
export async function saveMachines(database: Database, rows: readonly MachineRow[]): Promise<void> {
  if (rows.length === 0) return
  await database.run({
    text: `
      insert into standing.machines (type, version, hash, definition, deployed_at)
      select n.type, n.version, n.hash, n.definition, ${instant('n.deployed_at')}
      from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::float8[]) as n(type, version, hash, definition, deployed_at)
      on conflict do nothing`,
    values: [
      rows.map(({ type }) => type),
      rows.map(({ version }) => version),
      rows.map(({ hash }) => hash),
      rows.map(({ definition }) => definition),
      rows.map(({ deployedAt }) => deployedAt),
    ],
  })
}

export async function listMachines(database: Database): Promise<MachineRow[]> {
  return database.run<MachineRow & Record<string, unknown>>({
    text: `
      select type, version, hash, definition, ${milliseconds('deployed_at')} as "deployedAt"
      from standing.machines order by type, deployed_at, hash`,
  })
}

/** R12's reading of everything stored grows with the table; a limit made for single rows would one day refuse the start. */
const GATE_TIMEOUT_MS = 600_000

/** Tenant and id of one actor, parted by a character below all that either may hold: the least text is of the least address. */
const EXAMPLE = `min(a.tenant || chr(1) || a.id)`

/** R12: reads every actor once, at start and at the deploy gate; what differs in nothing the gate looks at is one row. */
export async function storedShapes(database: Database): Promise<StoredShape[]> {
  const rows = await database.run<Omit<StoredShape, 'childSources' | 'example'> & { sources: string | null; example: string }>({
    timeoutMs: GATE_TIMEOUT_MS,
    text: `
      select a.type, a.version, a.status, a.value, a.history,
        (select json_agg(distinct (child.value ->> 'src') collate "C" order by (child.value ->> 'src') collate "C")::text from json_each(a.children::json) as child) as sources,
        count(*) as count, ${EXAMPLE} as example
      from standing.actors a group by a.type, a.version, a.status, a.value, a.history, sources order by a.type, example`,
  })
  return rows.map(({ sources, count, example, ...row }) => ({
    ...row,
    childSources: sources === null ? [] : (JSON.parse(sources) as string[]),
    count: Number(count),
    example: addressOf(row.type, example),
  }))
}

export async function storedTimers(database: Database): Promise<StoredTimers[]> {
  const rows = await database.run<Omit<StoredTimers, 'example'> & { example: string }>({
    timeoutMs: GATE_TIMEOUT_MS,
    text: `
      select a.type, a.version, a.status, t.timer_id as id, t.action::json -> 'event' ->> 'type' as "eventType", count(*) as count, ${EXAMPLE} as example
      from standing.timers t join standing.actors a using (tenant, type, id)
      where t.action::json ->> 'do' = 'raise'
      group by a.type, a.version, a.status, t.timer_id, "eventType" order by a.type, example, t.timer_id`,
  })
  return rows.map(({ count, example, ...row }) => ({ ...row, count: Number(count), example: addressOf(row.type, example) }))
}

function addressOf(type: string, example: string): Address {
  const [tenant = '', id = ''] = example.split('\u0001')
  return { tenant, type, id }
}
