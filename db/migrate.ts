import type { Knex } from 'knex'
import { createKnex } from './connection.ts'
import type { Migration } from './migration.ts'

export type { Migration } from './migration.ts'

export interface MigrateOptions {
  /** Hears of what is allowed but unproven, such as a newer server. Default: a process warning. */
  readonly warn?: (message: string) => void
}

const SCHEMA = 'standing'
const TABLE = 'knex_migrations'
/** An advisory lock of this database; any two numbers, the same in every version of Standing. */
const LOCK = '1398030414, 2'
const OLDEST_MAJOR = 15
const NEWEST_PROVEN_MAJOR = 18

/** Thrown when this code must not touch the database as it is. */
export class MigrationRefusedError extends Error {
  override readonly name = 'MigrationRefusedError'
  readonly code: 'server-too-old' | 'database-ahead'

  constructor(code: MigrationRefusedError['code'], message: string) {
    super(message)
    this.code = code
  }
}

/**
 * Brings the database to the schema of this code, by Knex's migrator. Any number of processes may call it at once.
 *
 * - **M1 One at a time, one transaction each.** A migration, its row in Knex's table and the lock that keeps others out live
 *   in one transaction. A process that dies in it, however it dies, leaves neither half a migration nor a lock.
 * - **M2 Never backwards.** A database with migrations this code does not know is refused, not guessed at.
 *
 * Knex's own lock, a row that says "locked", is what M1 avoids: it makes a second process fail, and stays after a crash.
 * Inside our transaction it is taken and given back before anybody can see it.
 */
export async function migrate(
  target: string | Knex,
  migrations?: readonly Migration[],
  options: MigrateOptions = {},
): Promise<{ applied: string[] }> {
  const list = migrations ?? (await import('./migrations/index.ts')).migrations
  if (typeof target !== 'string') return migrateWith(target, list, options)
  const knex = createKnex(target, { max: 1, applicationName: 'standing migrate' })
  try {
    return await migrateWith(knex, list, options)
  } finally {
    await knex.destroy()
  }
}

async function migrateWith(
  knex: Knex,
  migrations: readonly Migration[],
  { warn = warnProcess }: MigrateOptions,
): Promise<{ applied: string[] }> {
  await checkServer(knex, warn)
  const applied: string[] = []
  for (;;) {
    const name = await applyNext(knex, migrations)
    if (name === undefined) return { applied }
    applied.push(name)
  }
}

/** Applies the first migration that is missing, and names it; undefined when there is none. */
function applyNext(knex: Knex, migrations: readonly Migration[]): Promise<string | undefined> {
  return knex.transaction(
    async (trx) => {
      await trx.raw('set local statement_timeout = 0') // waiting for another process's migration takes as long as it takes
      await trx.raw(`select pg_advisory_xact_lock(${LOCK})`)
      await trx.raw(`create schema if not exists ${SCHEMA}`)
      await refuseIfAhead(trx, migrations)
      // Left by Knex's command line, should somebody have used it and killed it. Under our lock it can't be in use.
      await trx.migrate.forceFreeMigrationsLock(knexConfig(migrations))
      const [, names] = (await trx.migrate.up(knexConfig(migrations))) as [number, string[]]
      return names[0]
    },
    { isolationLevel: 'read committed' }, // after the wait for the lock we must see what its holder has done
  )
}

function knexConfig(migrations: readonly Migration[]): Knex.MigratorConfig {
  return { schemaName: SCHEMA, tableName: TABLE, migrationSource: sourceOf(migrations) }
}

function sourceOf(migrations: readonly Migration[]): Knex.MigrationSource<Migration> {
  return {
    getMigrations: () => Promise.resolve([...migrations]),
    getMigrationName: (migration) => migration.name,
    getMigration: (migration) =>
      Promise.resolve({
        up: (knex) => migration.up(knex),
        down: (knex) => migration.down?.(knex) ?? Promise.reject(new Error(`Migration ${migration.name} can't be undone.`)),
      }),
  }
}

async function refuseIfAhead(trx: Knex.Transaction, migrations: readonly Migration[]): Promise<void> {
  if (!(await trx.schema.withSchema(SCHEMA).hasTable(TABLE))) return
  const known = new Set(migrations.map(({ name }) => name))
  const stored = await trx.withSchema(SCHEMA).from(TABLE).orderBy('id').pluck<string[]>('name')
  const unknown = stored.filter((name) => !known.has(name))
  if (unknown.length === 0) return
  throw new MigrationRefusedError(
    'database-ahead',
    `The database is ahead of this version of Standing: it has ${unknown.join(', ')}, which this version does not know. ` +
      'Start the version that migrated it, or a later one.',
  )
}

async function checkServer(knex: Knex, warn: (message: string) => void): Promise<void> {
  const { rows } = await knex.raw<{ rows: { version: string; number: number }[] }>(
    `select current_setting('server_version') as version, current_setting('server_version_num')::int as number`,
  )
  const [server] = rows
  if (server === undefined) throw new Error('unreachable: a select without from has one row')
  const major = Math.trunc(server.number / 10_000)
  if (major < OLDEST_MAJOR) {
    const message = `The database server is PostgreSQL ${server.version}; Standing needs ${OLDEST_MAJOR} or newer.`
    throw new MigrationRefusedError('server-too-old', message)
  }
  if (major > NEWEST_PROVEN_MAJOR) {
    warn(`The database server is PostgreSQL ${server.version}; Standing is proven with ${OLDEST_MAJOR} to ${NEWEST_PROVEN_MAJOR}.`)
  }
}

function warnProcess(message: string): void {
  process.emitWarning(message)
}
