/** What earlier versions of the machine have stored, brought to the present form (R12). */
import type { JsonObject, Migration } from '../../runtime/index.ts'

/** Version 1 knew payments only, and of its use no more than which logins it was told of, which was none: nobody told it. */
const fromOne: Migration = {
  from: '1',
  migrate({ value, context }) {
    const { paymentId, devicesOnline: _online, lastLoginAt: _login, endReason, ...rest } = context as JsonObject
    const added = {
      source: { kind: 'payment', id: paymentId ?? '' },
      endReason: endReason === 'closed' || endReason === 'revoked' ? 'admin' : (endReason ?? null),
      resends: 0,
      deviceGeneration: 1,
      online: [],
      uploadBytes: 0,
      downloadBytes: 0,
      logins: 0,
      accountRevision: 0,
      lastAccountAt: null,
      unreached: 0,
    }
    // Online is who accounting says is.
    return { value: value === 'online' ? 'ready' : value, context: { ...rest, ...added }, renameTimers: PAID_TIME_WHILE_ONLINE(value === 'online') }
  },
}

const PAID_TIME_WHILE_ONLINE = (isOnline: boolean): Record<string, string> =>
  isOnline ? { 'xstate.after.paidTime.hotspot-session.online': 'xstate.after.paidTime.hotspot-session.ready' } : {}

/** Version 2 waited without end for routers that nobody had registered: its call under way now answers of itself. */
const fromTwo: Migration = { from: '2', migrate: ({ value, context }) => ({ value, context: { ...(context as JsonObject), unreached: 0 } }) }

export const sessionMigrations: readonly Migration[] = [fromOne, fromTwo]
