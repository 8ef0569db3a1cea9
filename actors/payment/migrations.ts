/** Stored payments of older machines, brought to the present one (R12). A released one is never edited. */
import type { Json, Migration } from '../../runtime/index.ts'

/** Version 2 knows what money is for, by which way it came, and how it goes back. All payments before were prompts for a hotspot package. */
const withPurpose: Migration = {
  from: '1',
  migrate({ value, context }) {
    const added = { method: 'stk', purpose: { kind: 'hotspot' }, received: null, paidAmount: null, claim: null, claims: 0, refund: null }
    return { value, context: { ...(context as Record<string, Json>), ...added } }
  },
}

export const paymentMigrations: readonly Migration[] = [withPurpose]
