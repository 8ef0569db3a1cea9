import type { Knex } from 'knex'

/** One change of the schema. The name is stored and orders nothing: the place in the list counts. */
export interface Migration {
  readonly name: string
  up(knex: Knex): Promise<void>
  down?(knex: Knex): Promise<void>
}
