/**
 * Looks through the provider's list of transactions for money that nobody told us of: one for each shortcode of a tenant.
 *
 *   pulling <-> waiting,   idle when looking is of no use until somebody mends something
 *
 *   N1  Looking never stops by itself but for a refusal that is for ever.
 *   N2  What is found is announced, one fact each; whoever reacts makes the payments (their ids follow from the receipts, so twice is harmless).
 */
import { assign, enqueueActions, setup } from 'xstate'
import { durable, timeOf } from '../../runtime/vocabulary.ts'
import { newReconciliation, type ReconciliationContext, type ReconciliationFact } from './context.ts'
import type { Pulled, PullRequest, ReconciliationEvent } from './events.ts'

const MINUTE_MS = 60_000
const PULL_GAP_MS = 60 * MINUTE_MS
const ERROR_GAP_MS = 10 * MINUTE_MS

const outcomeOf = <Output>({ event }: { event: { output: Output } }): Output => event.output

export const reconciliationMachine = setup({
  types: {
    context: {} as ReconciliationContext,
    events: {} as ReconciliationEvent,
    emitted: {} as ReconciliationFact,
    tags: {} as 'attention',
  },
  actors: { pullMoney: durable<Pulled, PullRequest>() },
  delays: { pullGap: PULL_GAP_MS, errorGap: ERROR_GAP_MS },
  guards: {
    hasMoreToPull: ({ context }) => context.again || context.hasMore,
    isForEver: (_, error: { name: string }) => error.name === 'TerminalError',
  },
  actions: {
    noteAgain: assign({ again: true }),
    forgetAgain: assign({ again: false, hasMore: false }),
    recordPulled: assign(({ context, event }, { pulledUntil, listed, found, hasMore }: Pulled) => ({
      pulledUntil,
      hasMore,
      pulls: context.pulls + 1,
      listed: context.listed + listed,
      found: context.found + found.length,
      lastPulledAt: timeOf(event),
      lastError: null,
    })),
    recordError: assign(({ event }, { code, description }: { code: string; description: string }) => ({ lastError: { code, description, at: timeOf(event) } })),
    announceFound: enqueueActions(({ enqueue, event }, { found }: Pulled) => {
      for (const money of found) enqueue.emit({ type: 'reconciliation.moneyFound', at: timeOf(event), ...money })
    }),
    announceFailed: enqueueActions(({ enqueue, event }, { code, description }: { code: string; description: string }) => {
      enqueue.emit({ type: 'reconciliation.failed', code, description, at: timeOf(event) })
    }),
  },
}).createMachine({
  id: 'reconciliation',
  context: newReconciliation,
  initial: 'pulling',
  states: {
    pulling: {
      entry: 'forgetAgain',
      invoke: {
        id: 'pullMoney',
        src: 'pullMoney',
        input: ({ context }) => ({ pulledUntil: context.pulledUntil }),
        onDone: { target: 'waiting', actions: [{ type: 'recordPulled', params: outcomeOf }, { type: 'announceFound', params: outcomeOf }] },
        onError: [
          {
            guard: { type: 'isForEver', params: ({ event }) => event.error as { name: string } },
            target: 'idle',
            actions: [{ type: 'recordError', params: ({ event }) => describe(event.error) }, { type: 'announceFailed', params: ({ event }) => describe(event.error) }],
          },
          { target: 'troubled', actions: { type: 'recordError', params: ({ event }) => describe(event.error) } },
        ],
      },
      on: { 'reconciliation.pull': { actions: 'noteAgain' } },
    },
    waiting: {
      always: { guard: 'hasMoreToPull', target: 'pulling' },
      after: { pullGap: 'pulling' },
      on: { 'reconciliation.pull': 'pulling' },
    },
    troubled: { after: { errorGap: 'pulling' }, on: { 'reconciliation.pull': 'pulling' } },
    idle: { tags: 'attention', on: { 'reconciliation.pull': 'pulling' } },
  },
})

function describe(error: unknown): { code: string; description: string } {
  const { code, message } = (typeof error === 'object' && error !== null ? error : {}) as { code?: unknown; message?: unknown }
  return { code: typeof code === 'string' ? code : 'unknown', description: typeof message === 'string' ? message : '' }
}
