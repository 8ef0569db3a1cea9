/**
 * What the database says of the tables that projections may write. Names come from definitions, not from users, but a name that
 * becomes SQL is checked all the same: only listed schemas, only columns that exist, and always quoted.
 */
import pg from 'pg'
import type { Database, Query } from './connections.ts'

export interface KnownColumn {
  quoted: string
  type: string
}

export interface KnownTable {
  quoted: string
  /** @throws UnknownTableError */
  column(name: string): KnownColumn
}

/** A projection names what it may not write. Permanent: the same step will fail again. */
export class UnknownTableError extends Error {
  override readonly name = 'UnknownTableError'
}

const COLUMNS = `
  select n.nspname || '.' || c.relname as "table", a.attname as "column", format_type(a.atttypid, a.atttypmod) as type
  from pg_catalog.pg_class c
  join pg_catalog.pg_namespace n on n.oid = c.relnamespace
  join pg_catalog.pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
  where c.relkind in ('r', 'p') and n.nspname = any ($1)`

export class Catalogue {
  readonly #schemas: readonly string[]
  readonly #tables = new Map<string, Map<string, KnownColumn>>()
  readonly #names = new Map<string, string>()

  constructor(schemas: readonly string[]) {
    this.#schemas = schemas
  }

  async read(database: Database): Promise<void> {
    const rows = await database.run<{ table: string; column: string; type: string }>({ text: COLUMNS, values: [this.#schemas] })
    this.#tables.clear()
    for (const { table, column, type } of rows) {
      const columns = this.#tables.get(table) ?? new Map<string, KnownColumn>()
      columns.set(column, { quoted: pg.escapeIdentifier(column), type })
      this.#tables.set(table, columns)
    }
  }

  /** @throws UnknownTableError */
  table(name: string): KnownTable {
    const columns = this.#tables.get(name)
    if (columns === undefined) {
      throw new UnknownTableError(`projections may not write '${name}': it is no table of the schemas ${this.#schemas.join(', ')}`)
    }
    return {
      quoted: name.split('.').map(pg.escapeIdentifier).join('.'),
      column(column) {
        const known = columns.get(column)
        if (known === undefined) throw new UnknownTableError(`table '${name}' has no column '${column}'`)
        return known
      },
    }
  }

  /** A statement over lists of rows, one for each parameter, as JSON; kept prepared under a name of its own: there are as many as projections have shapes of rows. */
  prepared(text: string, lists: readonly (readonly object[])[]): Query {
    let name = this.#names.get(text)
    if (name === undefined) {
      name = `rows_${this.#names.size}`
      this.#names.set(text, name)
    }
    return { name, text, values: lists.map((rows) => JSON.stringify(rows)) }
  }
}
