/** What a batch of vouchers is made from and what may be said to it. */
import { z } from 'zod'
import type { EventsOf } from '../event-types.ts'
import { packageSnapshot } from '../package.ts'
import { printable, remark } from '../printable.ts'

/** R9: so many codes are written in one commit. */
export const VOUCHERS_MAX = 10_000

export const voucherBatchInput = z.strictObject({
  /** For people: whose shop, which event. */
  name: printable(100).min(1),
  package: packageSnapshot,
  count: z.int().min(1).max(VOUCHERS_MAX),
  /** Milliseconds since the epoch. */
  expiresAt: z.int().nonnegative(),
})

export type VoucherBatchInput = z.output<typeof voucherBatchInput>

export const voucherBatchEvents = {
  /** The codes are about to be shown, printed or exported. */
  'batch.show': z.strictObject({ form: z.enum(['list', 'csv', 'sheet']), by: printable(200).min(1) }),
  /** No voucher of it can be used any more; what was used keeps its access. */
  'batch.revoke': z.strictObject({ reason: remark(500) }),
  /** A voucher of it was redeemed, then (milliseconds). It says so after the fact, so that nobody who redeems waits for the batch. */
  'batch.redeemed': z.strictObject({ number: z.int().positive(), at: z.int().nonnegative() }),
}

export type VoucherBatchEvent = EventsOf<typeof voucherBatchEvents>
