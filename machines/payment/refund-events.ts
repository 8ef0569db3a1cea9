/** What may be said of money that goes back. `by` is who says it; the edge puts the caller's key there, whatever the caller wrote. */
import { z } from 'zod'
import { printable, remark } from '../printable.ts'

const reason = remark(500)
const by = printable(200).min(1)

export const refundEvents = {
  /**
   * Ask for all the money to go back: by reversal of the transaction, by a payout (B2C) to the payer's phone, or over the counter if it
   * came there. Another person must approve. Without a way: as it came, that is by reversal, or over the counter.
   */
  'payment.refund': z.strictObject({ reason, by, way: z.enum(['reversal', 'b2c', 'cash']).optional() }),
  'payment.approveRefund': z.strictObject({ by, reason: reason.optional() }),
  'payment.refuseRefund': z.strictObject({ by, reason }),
  /** Nobody could tell what became of it, and a person has found out; or cash was handed back, or not. */
  'payment.settleRefund': z.strictObject({ by, reason, returned: z.boolean(), receipt: printable(40).optional() }),
  /** Safaricom's result: of the return itself, or of our question what became of it. */
  'payment.returnResult': z.strictObject({
    about: z.enum(['return', 'status']),
    resultCode: printable(40).min(1),
    resultDesc: printable(2_000).default(''),
    originatorConversationId: printable(200).optional(),
    conversationId: printable(200).optional(),
    /** Of the transaction that took the money back. */
    receipt: printable(100).optional(),
    /** With `status`: `Completed`, `Failed`, ... */
    transactionStatus: printable(100).optional(),
    /** Minor units. */
    charge: z.int().nonnegative().optional(),
  }),
  /** Safaricom's queue gave the request up or was too slow: what became of it is unknown. */
  'payment.returnTimedOut': z.strictObject({ about: z.enum(['return', 'status']), originatorConversationId: printable(200).optional(), conversationId: printable(200).optional() }),
}
