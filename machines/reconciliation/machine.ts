/**
 * Looks through the provider's list of transactions for money that nobody told us of: one for each shortcode of a tenant.
 *
 *   pulling -> (settling -> matching ->) waiting -> pulling,   idle when looking is of no use until somebody mends something
 *   pulling -> unread -> pulling                                while the list cannot be read; what is asked for is matched in between
 *   resting -> matching -> resting                             where the list is not looked at, but files are imported
 *
 *   N1  Looking never stops by itself but for a refusal that is for ever.
 *   N2  What is found is announced, one fact each; whoever reacts makes the payments (their ids follow from the receipts, so twice is harmless).
 *   N3  Each day of the business's calendar is matched with the ledger once the list covers all of it, however late that is; what is not
 *       explained is matched again after each look, until it is.
 *   N4  Whoever has imported a statement asks for its days: they are matched whether or not the list is looked at, or can be read. Where it is not, what is
 *       not explained is matched again every hour.
 */
import { assign, enqueueActions, setup } from 'xstate'
import { durable, timeOf } from '../../runtime/vocabulary.ts'
import { askedAfter, newReconciliation, withAsked, type ReconciliationContext, type ReconciliationFact } from './context.ts'
import type { Matched, MatchedDay, MatchRequest, Pulled, PullRequest, ReconciliationEvent, ReconciliationInput } from './events.ts'

const MINUTE_MS = 60_000
const PULL_GAP_MS = 60 * MINUTE_MS
const ERROR_GAP_MS = 10 * MINUTE_MS
/** Where no look is followed by a match. */
const REMATCH_GAP_MS = 60 * MINUTE_MS
/** What was found is in the books when its payments have been made. */
const SETTLING_GAP_MS = MINUTE_MS
/** R9: so many days are matched again; older ones stay on the list, uncounted. */
const UNEXPLAINED_DAYS_MAX = 31

const outcomeOf = <Output>({ event }: { event: { output: Output } }): Output => event.output
const matchedAs = ({ event }: { event: { output: Matched } }): Matched => event.output

/** What every match leaves behind. */
const matched = [{ type: 'announceMatched', params: matchedAs }, { type: 'recordMatched', params: matchedAs }] as const

/** No look is followed by a match: it is asked for, or comes by its own timer. */
const notLooking = {
  always: { guard: 'isAsked', target: 'matching' },
  after: { rematchGap: { guard: 'hasUnexplained', target: 'matching' } },
  on: { 'reconciliation.pull': 'pulling' },
} as const

export const reconciliationMachine = setup({
  types: {
    context: {} as ReconciliationContext,
    input: {} as ReconciliationInput,
    events: {} as ReconciliationEvent,
    emitted: {} as ReconciliationFact,
    tags: {} as 'attention',
  },
  actors: { pullMoney: durable<Pulled, PullRequest>(), matchDays: durable<Matched, MatchRequest>() },
  delays: {
    // From look to look, whatever was done in between.
    pullGap: ({ context, event }) => Math.max(0, (context.lastPulledAt ?? 0) + PULL_GAP_MS - timeOf(event)),
    settlingGap: SETTLING_GAP_MS,
    // From the failure on, whatever was matched meanwhile.
    errorGap: ({ context, event }) => Math.max(0, (context.lastError?.at ?? timeOf(event)) + ERROR_GAP_MS - timeOf(event)),
    rematchGap: REMATCH_GAP_MS,
  },
  guards: {
    hasMoreToPull: ({ context }) => context.again || context.hasMore,
    isLooking: ({ context }) => context.looking === 'hourly',
    // A look that works clears it, and days are matched after that only.
    isUnread: ({ context }) => context.looking === 'hourly' && context.lastError !== null,
    isRefused: ({ context }) => context.looking === 'refused',
    isAsked: ({ context }) => context.asked.length > 0,
    hasMoreAsked: ({ context }, { askedUntil }: Matched) => askedAfter(context.asked, askedUntil).length > 0,
    hasUnexplained: ({ context }) => context.unexplained.length > 0,
    hasDaysToMatch: ({ context }) => context.asked.length + context.unexplained.length > 0 || (context.coveredUntil ?? 0) > (context.matchedUntil ?? 0),
    isForEver: (_, error: { name: string }) => error.name === 'TerminalError',
  },
  actions: {
    noteAgain: assign({ again: true }),
    beginLook: assign({ again: false, hasMore: false, looking: 'hourly' }),
    recordRefused: assign({ looking: 'refused' }),
    noteAsked: assign(({ context, event }) => (event.type === 'reconciliation.match' ? { asked: withAsked(context.asked, { from: Date.parse(event.from), until: Date.parse(event.until) }) } : {})),
    recordPulled: assign(({ context, event }, { pulledUntil, listed, found, hasMore, coveredUntil }: Pulled) => ({
      pulledUntil,
      hasMore,
      coveredUntil,
      pulls: context.pulls + 1,
      listed: context.listed + listed,
      found: context.found + found.length,
      lastPulledAt: timeOf(event),
      lastError: null,
    })),
    recordMatched: assign(({ context }, { days, matchedUntil, askedUntil }: Matched) => ({
      matchedUntil,
      asked: askedAfter(context.asked, askedUntil),
      unexplained: days.filter(isUnexplained).slice(-UNEXPLAINED_DAYS_MAX),
      // A list that cannot be read, or is refused, is not mended by a match.
      ...(context.looking === 'never' ? { lastError: null } : {}),
    })),
    recordError: assign(({ event }, { code, description }: { code: string; description: string }) => ({ lastError: { code, description, at: timeOf(event) } })),
    announceFound: enqueueActions(({ enqueue, event }, { found }: Pulled) => {
      for (const money of found) enqueue.emit({ type: 'reconciliation.moneyFound', at: timeOf(event), ...money })
    }),
    // Before they are recorded: what is told again is what has changed.
    announceMatched: enqueueActions(({ enqueue, context, event }, { days }: Matched) => {
      for (const day of days) {
        const before = context.unexplained.find((one) => one.from === day.from)
        if (before?.provider !== day.provider || before.ours !== day.ours) enqueue.emit({ type: 'reconciliation.dayMatched', at: timeOf(event), ...day })
      }
    }),
    announceFailed: enqueueActions(({ enqueue, event }, { code, description }: { code: string; description: string }) => {
      enqueue.emit({ type: 'reconciliation.failed', code, description, at: timeOf(event) })
    }),
  },
}).createMachine({
  id: 'reconciliation',
  context: ({ input }) => newReconciliation(input),
  initial: 'beginning',
  on: { 'reconciliation.match': { actions: 'noteAsked' } },
  states: {
    beginning: { always: [{ guard: 'isLooking', target: 'pulling' }, { target: 'resting' }] },
    pulling: {
      entry: 'beginLook',
      invoke: {
        id: 'pullMoney',
        src: 'pullMoney',
        input: ({ context }) => ({ pulledUntil: context.pulledUntil }),
        onDone: { target: 'pulled', actions: [{ type: 'recordPulled', params: outcomeOf }, { type: 'announceFound', params: outcomeOf }] },
        onError: [
          {
            guard: { type: 'isForEver', params: ({ event }) => event.error as { name: string } },
            target: 'idle',
            actions: ['recordRefused', { type: 'recordError', params: ({ event }) => describe(event.error) }, { type: 'announceFailed', params: ({ event }) => describe(event.error) }],
          },
          { target: 'unread', actions: { type: 'recordError', params: ({ event }) => describe(event.error) } },
        ],
      },
      on: { 'reconciliation.pull': { actions: 'noteAgain' } },
    },
    pulled: {
      always: [{ guard: 'hasMoreToPull', target: 'pulling' }, { guard: 'hasDaysToMatch', target: 'settling' }, { target: 'waiting' }],
    },
    settling: { after: { settlingGap: 'matching' }, on: { 'reconciliation.pull': 'pulling' } },
    matching: {
      invoke: {
        id: 'matchDays',
        src: 'matchDays',
        input: ({ context: { matchedUntil, coveredUntil, unexplained, asked } }) => ({ matchedUntil, coveredUntil, again: unexplained.map(({ day, from, until }) => ({ day, from, until })), asked }),
        onDone: [
          { guard: { type: 'hasMoreAsked', params: outcomeOf }, target: 'matching', reenter: true, actions: matched },
          { guard: 'hasMoreToPull', target: 'pulling', actions: matched },
          { guard: 'isUnread', target: 'unread', actions: matched },
          { guard: 'isLooking', target: 'waiting', actions: matched },
          { guard: 'isRefused', target: 'idle', actions: matched },
          { target: 'resting', actions: matched },
        ],
        // Money is looked for all the same; the match is tried again after that.
        onError: { target: 'troubled', actions: { type: 'recordError', params: ({ event }) => describe(event.error) } },
      },
      on: {
        'reconciliation.pull': { actions: 'noteAgain' },
        // What is under way may have read the tables before the statement was there.
        'reconciliation.match': { target: 'matching', reenter: true, actions: 'noteAsked' },
      },
    },
    waiting: {
      always: { guard: 'isAsked', target: 'matching' },
      after: { pullGap: 'pulling' },
      on: { 'reconciliation.pull': 'pulling' },
    },
    unread: {
      always: { guard: 'isAsked', target: 'matching' },
      after: { errorGap: 'pulling' },
      on: { 'reconciliation.pull': 'pulling' },
    },
    troubled: { after: { errorGap: [{ guard: 'isLooking', target: 'pulling' }, { target: 'matching' }] }, on: { 'reconciliation.pull': 'pulling' } },
    idle: { tags: 'attention', ...notLooking },
    resting: notLooking,
  },
})

function isUnexplained({ provider, ours }: MatchedDay): boolean {
  return provider + ours > 0
}

function describe(error: unknown): { code: string; description: string } {
  const { code, message } = (typeof error === 'object' && error !== null ? error : {}) as { code?: unknown; message?: unknown }
  return { code: typeof code === 'string' ? code : 'unknown', description: typeof message === 'string' ? message : '' }
}
