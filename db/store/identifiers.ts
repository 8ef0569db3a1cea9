import type { SearchHit } from '../../runtime/ports/store.ts'
import type { Database } from './connections.ts'

export async function search(database: Database, tenant: string, values: readonly string[], limit: number): Promise<SearchHit[]> {
  if (values.length === 0) return []
  const rows = await database.run<{ kind: string; value: string; type: string; id: string }>({
    text: `
      select i.kind, i.value, i.type, i.id from standing.identifiers i
      where i.tenant = $1 and i.value = any ($2::text[]) order by i.value, i.kind, i.type, i.id limit $3`,
    values: [tenant, values, limit],
  })
  return rows.map(({ kind, value, type, id }) => ({ identifier: { kind, value }, address: { tenant, type, id } }))
}
