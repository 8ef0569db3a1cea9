/** What a session is made from and what may be said to it. */
import { z } from 'zod'
import type { EventsOf } from '../event-types.ts'
import { macAddress, phone } from '../network.ts'
import { packageSnapshot } from '../package.ts'
import { printable, remark } from '../printable.ts'

const reason = remark(500)
const bytes = z.int().nonnegative()
const moment = z.int().nonnegative()

/** What the access was bought with; one access each. */
const source = z.strictObject({ kind: z.enum(['payment', 'voucher']), id: printable(400).min(1) })

export type SessionSource = z.output<typeof source>

export const sessionInput = z.strictObject({
  source,
  phone,
  package: packageSnapshot,
  macAddress: macAddress.nullable().default(null),
  /** When it was paid for (or the voucher redeemed), in milliseconds since the epoch: the paid time runs from here. */
  paidAt: moment,
})

export type SessionInput = z.output<typeof sessionInput>

/** R9: more than any package allows. */
export const LOGINS_MAX = 100

/** One login that is under way, as its router tells. */
const login = z.strictObject({
  /** Acct-Session-Id. */
  id: printable(253).min(1),
  /** A MAC address, or what else the router calls the device; null if it does not tell. */
  device: printable(253).nullable(),
  /** Address of the router. */
  nas: printable(64),
  ip: printable(64).nullable(),
  since: moment,
})

export type Login = z.output<typeof login>

export const sessionEvents = {
  /**
   * What RADIUS accounting knows of this access by now: always all of it, never a difference, so that one which is lost, repeated
   * or overtaken costs nothing.
   */
  'session.account': z.strictObject({
    /** Grows with every change; an older one tells nothing new. */
    revision: z.int().positive(),
    online: z.array(login).max(LOGINS_MAX),
    /** Over all logins. */
    uploadBytes: bytes,
    downloadBytes: bytes,
    logins: z.int().nonnegative(),
  }),
  /** The paying browser is about to be shown the credentials: accepted once. */
  'session.revealCredentials': z.strictObject({}),
  /** The customer has lost them: send them again. */
  'session.resend': z.strictObject({}),
  /** Lets other devices in than those it is bound to, without losing time; the old ones are cut off. */
  'session.changeDevice': z.strictObject({ reason }),
  /** Cuts off who is logged in now; they may log in again. */
  'session.kick': z.strictObject({ reason }),
  /** An end before time: at the customer's wish, for abuse; or because there is no router for it any more. */
  'session.close': z.strictObject({ reason, by: z.enum(['admin', 'nas']).default('admin') }),
  /** What it was bought with was taken back. */
  'session.revoke': z.strictObject({ reason }),
}

export type SessionEvent = EventsOf<typeof sessionEvents>
