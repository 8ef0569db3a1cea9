/** What earlier versions of the machine have stored, brought to the present form (R12). */
import type { JsonObject, Migration } from '../../runtime/index.ts'

/** Version 1 knew payments only. */
const fromOne: Migration = {
  from: '1',
  migrate({ value, context }) {
    const { paymentId, ...rest } = context as JsonObject
    return { value, context: { ...rest, source: { kind: 'payment', id: paymentId ?? '' } } }
  },
}

export const sessionMigrations: readonly Migration[] = [fromOne]
