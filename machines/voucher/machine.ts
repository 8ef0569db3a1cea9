/**
 * One prepaid code, from the moment somebody makes use of it: a batch of ten thousand is one actor, and its vouchers become actors
 * of their own only when they are redeemed or revoked (docs/adr/0015).
 *
 *   issued -> redeemed -> revoked
 *          `-> expired
 *
 *   V1  A voucher gives one access, whoever types it how often at once: `issued` is left once, and an actor takes one event at a time (R4).
 */
import { assign, emit, setup } from 'xstate'
import { timeOf } from '../../runtime/vocabulary.ts'
import type { PackageSnapshot } from '../package.ts'
import type { VoucherEvent, VoucherInput } from './events.ts'

export interface VoucherContext extends VoucherInput {
  redemption: { phone: string; macAddress: string | null; at: number } | null
  revocation: { reason: string; at: number } | null
}

export type VoucherFact =
  | { type: 'voucher.redeemed'; batchId: string; number: number; package: PackageSnapshot; phone: string; macAddress: string | null; at: number }
  | { type: 'voucher.expired'; batchId: string; number: number; at: number }
  | { type: 'voucher.revoked'; batchId: string; number: number; reason: string; wasRedeemed: boolean; at: number }

export const voucherMachine = setup({
  types: {
    context: {} as VoucherContext,
    input: {} as VoucherInput,
    events: {} as VoucherEvent,
    emitted: {} as VoucherFact,
    tags: {} as 'open' | 'settled',
  },
  delays: {
    validity: ({ context, event }) => Math.max(0, context.expiresAt - timeOf(event)),
  },
  guards: {
    // The timer may be late, as after an outage; the voucher is over all the same.
    isInTime: ({ context, event }) => timeOf(event) < context.expiresAt,
  },
  actions: {
    recordRedemption: assign(({ event }) => (event.type === 'voucher.redeem' ? { redemption: { phone: event.phone, macAddress: event.macAddress, at: timeOf(event) } } : {})),
    recordRevocation: assign(({ event }) => (event.type === 'voucher.revoke' ? { revocation: { reason: event.reason, at: timeOf(event) } } : {})),

    announceRedeemed: emit(({ context, event }) => ({
      type: 'voucher.redeemed' as const,
      batchId: context.batchId,
      number: context.number,
      package: context.package,
      phone: context.redemption?.phone ?? '',
      macAddress: context.redemption?.macAddress ?? null,
      at: timeOf(event),
    })),
    announceExpired: emit(({ context, event }) => ({ type: 'voucher.expired' as const, batchId: context.batchId, number: context.number, at: timeOf(event) })),
    announceRevoked: emit(({ context, event }) => ({
      type: 'voucher.revoked' as const,
      batchId: context.batchId,
      number: context.number,
      reason: context.revocation?.reason ?? '',
      wasRedeemed: context.redemption !== null,
      at: timeOf(event),
    })),
  },
}).createMachine({
  id: 'voucher',
  context: ({ input }) => ({ ...input, redemption: null, revocation: null }),
  initial: 'issued',
  states: {
    issued: {
      tags: 'open',
      after: { validity: 'expired' },
      on: {
        'voucher.redeem': { guard: 'isInTime', target: 'redeemed', actions: 'recordRedemption' },
        'voucher.revoke': { target: 'revoked', actions: 'recordRevocation' },
      },
    },
    redeemed: {
      tags: 'settled',
      entry: 'announceRedeemed',
      on: { 'voucher.revoke': { target: 'revoked', actions: 'recordRevocation' } },
    },
    expired: { type: 'final', tags: 'settled', entry: 'announceExpired' },
    revoked: { type: 'final', tags: 'settled', entry: 'announceRevoked' },
  },
})
