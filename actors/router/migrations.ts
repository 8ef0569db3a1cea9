/** What earlier versions of the machine have stored, brought to the present form (R12). */
import type { JsonObject, Migration } from '../../runtime/index.ts'

/** Version 1 knew no other way than RADIUS. */
const fromOne: Migration = { from: '1', migrate: ({ value, context }) => ({ value, context: { ...(context as JsonObject), provisioning: 'radius', users: null } }) }

export const routerMigrations: readonly Migration[] = [fromOne]
