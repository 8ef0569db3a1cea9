/** Stored payments of older machines, brought to the present one (R12). A released one is never edited. */
import type { Json, Migration } from '../../runtime/index.ts'
import { through } from '../migrations-through.ts'

/** Version 2 knows what money is for, by which way it came, and how it goes back. All payments before were prompts for a hotspot package. */
const withPurpose: Migration = {
  from: '1',
  migrate({ value, context }) {
    const added = { method: 'stk', purpose: { kind: 'hotspot' }, received: null, paidAmount: null, claim: null, claims: 0, refund: null }
    return { value, context: { ...(context as Record<string, Json>), ...added } }
  },
}

interface Stored {
  method: string
  purpose: { kind: string }
  completedAt: number | null
  receipt: string | null
  amount: number
  refund: { requestedAt: number } | null
}

/**
 * Version 3 holds money that credits nobody yet, and knows of what a refund was asked. Version 2 had booked only money without a
 * purpose; what it had under review of a prompt comes into the books when it is decided, as it would have.
 */
const withHeldMoney: Migration = {
  from: '2',
  migrate({ value, context }) {
    const stored = context as Record<string, Json> & Stored
    const { method, purpose, completedAt, receipt, amount, refund } = stored
    const held = method === 'c2b' && purpose.kind === 'unmatched' && completedAt === null && receipt !== null ? [{ receipt, amount }] : []
    const wasCredited = refund !== null && completedAt !== null && completedAt <= refund.requestedAt
    return { value, context: { ...stored, held, refund: refund === null ? null : { ...refund, wasCredited, original: null } } }
  },
}

/**
 * Version 4 makes a payment of its own of money that came a second time, with whatever is said to the payment next; `payment.part` if nothing
 * else is. Of money that was held before, nobody knows any more from which phone it came.
 */
const withPartedMoney: Migration = {
  from: '3',
  migrate({ value, context }) {
    const stored = context as Record<string, Json> & { held: { receipt: string; amount: number }[]; received: { source: string } | null }
    const { received } = stored
    const held = stored.held.map((money) => ({ ...money, source: received?.source ?? 'callback', phone: null, transactionDate: null }))
    return { value, context: { ...stored, received: received === null ? null : { ...received, besides: null }, held, parted: [] } }
  },
}

export const paymentMigrations: readonly Migration[] = [through(withPurpose, withHeldMoney, withPartedMoney), through(withHeldMoney, withPartedMoney), withPartedMoney]
