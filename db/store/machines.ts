import type { MachineRow, StoredShape } from '../../runtime/ports/store.ts'
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

/** R12: reads every actor once, at start and at the deploy gate; what differs in nothing the gate looks at is one row. */
export async function storedShapes(database: Database): Promise<StoredShape[]> {
  const rows = await database.run<{
    type: string
    version: string
    status: string
    value: string
    history: string | null
    sources: string | null
    timers: string | null
    count: number | string
    example: string
  }>({
    text: `
      with armed as (
        select tenant, type, id, json_agg(json_build_object('id', timer_id, 'eventType', action::json -> 'event' ->> 'type') order by timer_id)::text as timers
        from standing.timers group by tenant, type, id
      ), shaped as (
        select a.tenant, a.type, a.id, a.version, a.status, a.value, a.history, armed.timers,
          (select json_agg(distinct (child.value ->> 'src') collate "C" order by (child.value ->> 'src') collate "C")::text from json_each(a.children::json) as child) as sources
        from standing.actors a left join armed using (tenant, type, id)
      )
      select type, version, status, value, history, sources, timers, count(*) as count,
        to_json(min(array[tenant, type, id]))::text as example
      from shaped group by type, version, status, value, history, sources, timers order by type, min(array[tenant, type, id])`,
  })
  return rows.map(({ type, version, status, value, history, sources, timers, count, example }) => {
    const [tenant = '', , id = ''] = JSON.parse(example) as string[]
    return {
      type,
      version,
      status,
      value,
      history,
      childSources: sources === null ? [] : (JSON.parse(sources) as string[]),
      timers: timers === null ? [] : (JSON.parse(timers) as StoredShape['timers']),
      count: Number(count),
      example: { tenant, type, id },
    }
  })
}
