/** When something last happened to any actor, in milliseconds since the epoch; 0 when nothing has. Reads the whole table: not for the busy. */
import type { Knex } from 'knex'

export async function latestMoment(knex: Knex): Promise<number> {
  const { rows } = await knex.raw<{ rows: { at: Date | null }[] }>('select max(updated_at) as at from standing.actors')
  return rows[0]?.at?.getTime() ?? 0
}
