/** What a session is made from and what may be said to it. */
import { z } from 'zod'
import { account } from '../accounting.ts'
import type { EventsOf } from '../event-types.ts'
import { macAddress, phone } from '../network.ts'
import { packageSnapshot } from '../package.ts'
import { printable, remark } from '../printable.ts'

const reason = remark(500)
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

export const sessionEvents = {
  /** What RADIUS accounting knows of this access by now. */
  'session.account': account,
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
