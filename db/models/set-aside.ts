/** What waits for people: nothing of it goes on by itself. */
import type { Knex } from 'knex'

export interface SetAside {
  /** Events that no step could take. */
  parked: number
  /** Outside calls that were given up. */
  failedEffects: number
  /** Actors whose events are parked. */
  heldActors: number
  /** What the daily match has left unexplained, on either side. */
  unexplainedMoney: number
}

const COUNT = `
  select (select count(*)::int from standing.parked) as "parked",
         (select count(*)::int from standing.effects where status = 'failed') as "failedEffects",
         (select count(distinct (tenant, type, id))::int from standing.parked) as "heldActors",
         (select coalesce(sum(provider_count + our_count), 0)::int from business.unexplained_days) as "unexplainedMoney"`

export function setAsideQueries(knex: Knex) {
  return {
    async count(): Promise<SetAside> {
      const { rows } = await knex.raw<{ rows: SetAside[] }>(COUNT)
      return rows[0] ?? { parked: 0, failedEffects: 0, heldActors: 0, unexplainedMoney: 0 }
    },
  }
}
