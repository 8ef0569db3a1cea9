/** What an approval is made from and what may be said to it. `by` is who says it; the edge puts the caller's key there, whatever the caller wrote. */
import { z } from 'zod'
import type { EventsOf } from '../event-types.ts'
import { printable, remark } from '../printable.ts'

const by = printable(200).min(1)
const reason = remark(500)
/** In minor units; null: nobody can say, so that it counts as more than anything. */
const worth = z.int().nonnegative().nullable()

export const approvalInput = z.strictObject({
  to: z.strictObject({ type: printable(64).min(1), id: printable(400).min(1) }),
  /** What is done once it is approved: an event for an actor, or a new one. */
  act: z.discriminatedUnion('kind', [
    z.strictObject({ kind: z.literal('event'), event: z.looseObject({ type: printable(200).min(1) }) }),
    z.strictObject({ kind: z.literal('create'), input: z.record(z.string(), z.unknown()) }),
  ]),
  worth,
  currency: z.string().regex(/^[A-Z]{3}$/),
  reason,
  requestedBy: by,
})

export type ApprovalInput = z.output<typeof approvalInput>

export const approvalEvents = {
  /** The second key. `worth` is what it is worth by now; the edge says so. */
  'approval.approve': z.strictObject({ by, worth, reason: reason.optional() }),
  'approval.refuse': z.strictObject({ by, reason }),
  /** Whoever asked for it wants it no more. */
  'approval.withdraw': z.strictObject({ by, reason: reason.optional() }),
}

export type ApprovalEvent = EventsOf<typeof approvalEvents>
