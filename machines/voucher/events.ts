/** What a voucher is made from and what may be said to it. Its code is nowhere: it is derived when needed. */
import { z } from 'zod'
import type { EventsOf } from '../event-types.ts'
import { macAddress, phone } from '../network.ts'
import { packageSnapshot } from '../package.ts'
import { printable, remark } from '../printable.ts'

export const voucherInput = z.strictObject({
  batchId: printable(64).min(1),
  /** Its place in the batch, from 1. */
  number: z.int().positive(),
  package: packageSnapshot,
  /** Milliseconds since the epoch: until then it can be redeemed. */
  expiresAt: z.int().nonnegative(),
})

export type VoucherInput = z.output<typeof voucherInput>

export const voucherEvents = {
  /** Somebody has typed the code. Taken once. */
  'voucher.redeem': z.strictObject({ phone, macAddress: macAddress.nullable().default(null) }),
  /** Lost, stolen, sold by mistake. After it was redeemed this takes the access away, too. */
  'voucher.revoke': z.strictObject({ reason: remark(500) }),
}

export type VoucherEvent = EventsOf<typeof voucherEvents>
