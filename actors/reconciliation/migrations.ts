/** Stored reconciliations of older machines, brought to the present one (R12). A released one is never edited. */
import type { JsonObject, Migration } from '../../runtime/index.ts'
import { through } from '../migrations-through.ts'

/** Version 1 matched no days. Its next look begins with the last day that is over, as far as the list covers it. */
const withMatching: Migration = { from: '1', migrate: ({ value, context }) => ({ value, context: { ...(context as JsonObject), coveredUntil: null, matchedUntil: null, unexplained: [] } }) }

/** Version 2 looked always, but where it was refused, and matched no files by themselves. */
const withFiles: Migration = { from: '2', migrate: ({ value, context }) => ({ value, context: { ...(context as JsonObject), looking: value === 'idle' ? 'refused' : 'hourly', asked: [] } }) }

/** Version 3 waited in `troubled` also while the list could not be read. It asks the list when that is over, and is `unread` if that fails again. */
const asItIs: Migration = { from: '3', migrate: ({ value, context }) => ({ value, context }) }

export const reconciliationMigrations: readonly Migration[] = [through(withMatching, withFiles, asItIs), through(withFiles, asItIs), asItIs]
