/** R12: how stored notifications of older versions become those of today. */
import { NOT_IN_VERSION_1 } from '../../machines/notification/context.ts'
import type { Json, Migration } from '../../runtime/index.ts'

/** Version 1 knew one template and one provider; its states are all still there. */
export const fromVersion1: Migration = {
  from: '1',
  migrate({ value, context }) {
    const before = context as { [field: string]: Json; providerId: string | null; sentAt: number | null; resends: number; cost: Json }
    const wasSent = before.sentAt !== null
    return {
      value,
      context: {
        ...NOT_IN_VERSION_1,
        ...before,
        provider: before.providerId === null ? null : 'africas-talking',
        // Each resend came after a send that was taken.
        sends: wasSent ? before.resends + 1 : 0,
      },
    }
  },
}
