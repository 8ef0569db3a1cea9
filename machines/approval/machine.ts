/**
 * Something worth money that one key asks for and another approves.
 *
 *   requested -> approved | refused | withdrawn | expired
 *
 *   A1  Two keys: whoever asked for it neither approves nor refuses it; only they withdraw it.
 *   A2  What is approved is what was asked for: if it is worth more by now it is asked for anew.
 *   A3  It is done in the step that approves it (R1), once, and judged again by whom it is for: what has been decided otherwise meanwhile stays so.
 */
import { and, assign, emit, setup } from 'xstate'
import { timeOf } from '../../runtime/vocabulary.ts'
import type { ApprovalEvent, ApprovalInput } from './events.ts'

export interface ApprovalContext extends ApprovalInput {
  requestedAt: number
  /** Null: nobody has decided. */
  decision: { by: string; reason: string | null; at: number } | null
}

interface About {
  to: ApprovalInput['to']
  act: ApprovalInput['act']
  worth: ApprovalInput['worth']
  currency: string
  at: number
}

interface Decided extends About {
  by: string
  requestedBy: string
}

export type ApprovalFact =
  | ({ type: 'approval.requested'; by: string; reason: string } & About)
  | ({ type: 'approval.approved' } & Decided)
  | ({ type: 'approval.refused' } & Decided)
  | ({ type: 'approval.withdrawn' } & Decided)
  | ({ type: 'approval.expired'; requestedBy: string } & About)

/** Whoever asked has forgotten it, or found another way. */
const PATIENCE_MS = 7 * 86_400_000

export const approvalMachine = setup({
  types: {
    context: {} as ApprovalContext,
    input: {} as ApprovalInput,
    events: {} as ApprovalEvent,
    emitted: {} as ApprovalFact,
    tags: {} as 'open' | 'settled',
  },
  delays: { patience: PATIENCE_MS },
  guards: {
    isOtherKey: ({ context, event }) => event.by !== context.requestedBy,
    isOwnKey: ({ context, event }) => event.by === context.requestedBy,
    isWorthNoMore: ({ context, event }) => event.type === 'approval.approve' && (context.worth === null || (event.worth !== null && event.worth <= context.worth)),
  },
  actions: {
    recordRequest: assign(({ event }) => ({ requestedAt: timeOf(event) })),
    recordDecision: assign(({ event }) => ({ decision: { by: event.by, reason: event.reason ?? null, at: timeOf(event) } })),
    announceRequested: emit(({ context, event }) => ({ type: 'approval.requested' as const, by: context.requestedBy, reason: context.reason, ...aboutOf(context, timeOf(event)) })),
    announceApproved: emit(({ context, event }) => ({ type: 'approval.approved' as const, ...decided(context, timeOf(event)) })),
    announceRefused: emit(({ context, event }) => ({ type: 'approval.refused' as const, ...decided(context, timeOf(event)) })),
    announceWithdrawn: emit(({ context, event }) => ({ type: 'approval.withdrawn' as const, ...decided(context, timeOf(event)) })),
    announceExpired: emit(({ context, event }) => ({ type: 'approval.expired' as const, requestedBy: context.requestedBy, ...aboutOf(context, timeOf(event)) })),
  },
}).createMachine({
  id: 'approval',
  context: ({ input }) => ({ ...input, requestedAt: 0, decision: null }),
  entry: ['recordRequest', 'announceRequested'],
  initial: 'requested',
  states: {
    requested: {
      tags: 'open',
      after: { patience: 'expired' },
      on: {
        'approval.approve': { guard: and(['isOtherKey', 'isWorthNoMore']), target: 'approved', actions: 'recordDecision' },
        'approval.refuse': { guard: 'isOtherKey', target: 'refused', actions: 'recordDecision' },
        'approval.withdraw': { guard: 'isOwnKey', target: 'withdrawn', actions: 'recordDecision' },
      },
    },
    approved: { type: 'final', tags: 'settled', entry: 'announceApproved' },
    refused: { type: 'final', tags: 'settled', entry: 'announceRefused' },
    withdrawn: { type: 'final', tags: 'settled', entry: 'announceWithdrawn' },
    expired: { type: 'final', tags: 'settled', entry: 'announceExpired' },
  },
})

function aboutOf({ to, act, worth, currency }: ApprovalContext, at: number): About {
  return { to, act, worth, currency, at }
}

function decided(context: ApprovalContext, at: number): Decided {
  return { by: context.decision?.by ?? '', requestedBy: context.requestedBy, ...aboutOf(context, at) }
}
