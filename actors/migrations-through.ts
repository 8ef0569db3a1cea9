/** The engine takes one migration of an actor: whatever its stored version, to the present one. */
import type { Migration } from '../runtime/index.ts'

/** From the version of the first, through those between. */
export function through(first: Migration, ...others: readonly Migration[]): Migration {
  return { from: first.from, migrate: (stored) => [first, ...others].reduce((now, one) => ({ ...now, ...one.migrate(now) }), stored) }
}
