/** What a session is made from and what may be said to it. */
import { z } from 'zod'
import type { EventsOf } from '../event-types.ts'
import { macAddress, phone } from '../network.ts'
import { packageSnapshot } from '../package.ts'
import { printable, remark } from '../printable.ts'

const reason = remark(500)
const acctSessionId = printable(200).min(1)

/** What the access was bought with; one access each. */
const source = z.strictObject({ kind: z.enum(['payment', 'voucher']), id: printable(400).min(1) })

export type SessionSource = z.output<typeof source>

export const sessionInput = z.strictObject({
  source,
  phone,
  package: packageSnapshot,
  macAddress: macAddress.nullable().default(null),
  /** When it was paid for (or the voucher redeemed), in milliseconds since the epoch: the paid time runs from here. */
  paidAt: z.int().nonnegative(),
})

export type SessionInput = z.output<typeof sessionInput>

export const sessionEvents = {
  /** A device has logged in, by RADIUS accounting. */
  'session.start': z.strictObject({ acctSessionId }),
  /** A device has left, by RADIUS accounting. */
  'session.stop': z.strictObject({ acctSessionId }),
  /** The paying browser is about to be shown the credentials: accepted once. */
  'session.revealCredentials': z.strictObject({}),
  /** An orderly end before time: a refund, or at the customer's wish. */
  'session.close': z.strictObject({ reason }),
  /** Staff take the access away: abuse, a mistake, leaked credentials. */
  'session.revoke': z.strictObject({ reason }),
}

export type SessionEvent = EventsOf<typeof sessionEvents>
