/** What earlier versions of the machine have stored, brought to the present form (R12). */
import type { JsonObject, Migration } from '../../runtime/index.ts'

/** Version 1 knew nothing of what was used; it is counted from the next thing that happens on, the term from then. */
const fromOne: Migration = {
  from: '1',
  migrate({ value, context }) {
    const { armed, ...rest } = context as JsonObject
    const added = {
      armed: { ...(armed as JsonObject), quota: null },
      deviceGeneration: 1,
      usage: { online: [], uploadBytes: 0, downloadBytes: 0, logins: 0, revision: 0, at: null, termFrom: null, before: 0 },
    }
    return { value: { ...(value as JsonObject), data: 'unlimited' }, context: { ...rest, ...added } }
  },
}

export const subscriptionMigrations: readonly Migration[] = [fromOne]
