/**
 * A batch of vouchers: what they give, until when, and who has seen the codes. One actor and one timer, however many vouchers.
 *
 *   open -> expired | revoked
 *
 *   B1  A voucher that was redeemed before the batch was revoked stays redeemed; one that slipped through afterwards (whoever redeemed it had
 *       found the batch open) is revoked. So each ends as one or the other, and the batch can be counted from then on.
 */
import { assign, emit, setup } from 'xstate'
import { timeOf } from '../../runtime/vocabulary.ts'
import type { PackageSnapshot } from '../package.ts'
import type { VoucherBatchEvent, VoucherBatchInput } from './events.ts'

export interface VoucherBatchContext extends VoucherBatchInput {
  issuedAt: number
  /** How often the codes were shown; by whom is in the journal. */
  shown: number
  revocation: { reason: string; at: number } | null
}

export type VoucherBatchFact =
  | { type: 'batch.issued'; name: string; package: PackageSnapshot; count: number; expiresAt: number; at: number }
  | { type: 'batch.shown'; form: string; by: string; at: number }
  | { type: 'batch.expired'; name: string; at: number }
  | { type: 'batch.revoked'; name: string; reason: string; at: number }
  /** B1: to be taken back. */
  | { type: 'batch.redeemedTooLate'; number: number; reason: string; at: number }

export const voucherBatchMachine = setup({
  types: {
    context: {} as VoucherBatchContext,
    input: {} as VoucherBatchInput,
    events: {} as VoucherBatchEvent,
    emitted: {} as VoucherBatchFact,
    tags: {} as 'open' | 'settled',
  },
  delays: {
    validity: ({ context, event }) => Math.max(0, context.expiresAt - timeOf(event)),
  },
  guards: {
    isTooLate: ({ context, event }) => event.type === 'batch.redeemed' && context.revocation !== null && event.at >= context.revocation.at,
  },
  actions: {
    recordIssue: assign(({ event }) => ({ issuedAt: timeOf(event) })),
    countShown: assign(({ context }) => ({ shown: context.shown + 1 })),
    recordRevocation: assign(({ event }) => (event.type === 'batch.revoke' ? { revocation: { reason: event.reason, at: timeOf(event) } } : {})),

    announceIssued: emit(({ context, event }) => ({
      type: 'batch.issued' as const,
      name: context.name,
      package: context.package,
      count: context.count,
      expiresAt: context.expiresAt,
      at: timeOf(event),
    })),
    announceShown: emit(({ event }) => {
      const { form, by } = event.type === 'batch.show' ? event : { form: '', by: '' }
      return { type: 'batch.shown' as const, form, by, at: timeOf(event) }
    }),
    announceExpired: emit(({ context, event }) => ({ type: 'batch.expired' as const, name: context.name, at: timeOf(event) })),
    announceTooLate: emit(({ context, event }) => ({
      type: 'batch.redeemedTooLate' as const,
      number: event.type === 'batch.redeemed' ? event.number : 0,
      reason: context.revocation?.reason ?? '',
      at: timeOf(event),
    })),
    announceRevoked: emit(({ context, event }) => ({ type: 'batch.revoked' as const, name: context.name, reason: context.revocation?.reason ?? '', at: timeOf(event) })),
  },
}).createMachine({
  id: 'voucher-batch',
  context: ({ input }) => ({ ...input, issuedAt: 0, shown: 0, revocation: null }),
  entry: ['recordIssue', 'announceIssued'],
  initial: 'open',
  states: {
    open: {
      tags: 'open',
      after: { validity: 'expired' },
      on: {
        'batch.show': { actions: ['countShown', 'announceShown'] },
        'batch.revoke': { target: 'revoked', actions: 'recordRevocation' },
        'batch.redeemed': {},
      },
    },
    expired: { type: 'final', tags: 'settled', entry: 'announceExpired' },
    // Not the end of it: what was redeemed at the same moment is still to be heard of.
    revoked: {
      tags: 'settled',
      entry: 'announceRevoked',
      on: { 'batch.redeemed': [{ guard: 'isTooLate', actions: 'announceTooLate' }, {}] },
    },
  },
})
