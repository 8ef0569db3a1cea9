/**
 * The model of a notification, walked by xstate/graph: the state of the model is a whole life (snapshot, clock, timers and the call that
 * is under way), its events are what the provider, the clearance, people and time do. Every state is reached, every transition is taken,
 * every guard has said yes and no, and what must hold (N2-N4) holds in every life.
 */
import { describe, expect, it } from 'vitest'
import { fromTransition, initialTransition, transition, type AnyStateNode, type EventObject } from 'xstate'
import { getAdjacencyMap } from 'xstate/graph'
import { ATTEMPTS_MAX, isWorthSending, RESENDS_MAX, UNCERTAIN_SENDS_MAX, type NotificationContext } from '../../../machines/notification/context.ts'
import { notificationInput } from '../../../machines/notification/events.ts'
import { notificationMachine } from '../../../machines/notification/machine.ts'
import { withStepTime } from '../../../runtime/step/step-time.ts'
import { watchEventless } from './eventless.ts'
import { START, type Message } from './play.ts'

type Snapshot = ReturnType<typeof initialTransition<typeof notificationMachine>>[0]

interface Life {
  now: number
  snapshot: Snapshot
  timers: ReadonlyMap<string, { event: Message; dueAt: number }>
  call: string | undefined
  /** What went wrong in any step of it. */
  broken: readonly string[]
}

const HOUR_MS = 3_600_000
const about = { tenant: 'main', type: 'subscription', id: 'sub_1' }
const expiresAt = START + 4 * HOUR_MS
const INPUTS = {
  'a reminder': notificationInput.parse({ to: '254708374149', template: 'subscription-reminder', about, details: { packageName: 'Home', accountNumber: '12345674', amount: 1, currency: 'KES', expiresAt } }),
  'a receipt': notificationInput.parse({ to: '254708374149', template: 'subscription-receipt', about, details: { accountNumber: '12345674', amount: 1, currency: 'KES', receipt: null, expiresAt: null, balance: 0 } }),
  'a login': notificationInput.parse({ to: '254708374149', template: 'hotspot-credentials', about, details: { packageName: 'Home', expiresAt } }),
}

const answer = (call: string, output: object) => ({ call, event: { type: `xstate.done.actor.${call}`, output } })
const failure = (call: string) => ({ call, event: { type: `xstate.error.actor.${call}`, error: { name: 'Error', message: 'x' } } })
const report = (status: string, providerId = 'p') => ({ event: { type: 'notification.report', providerId, status } })

/** `call`: happens only while it is under way. */
const EVENTS: Record<string, { call?: string; event: Message }> = {
  'it may go': answer('checkClearance', { outcome: 'clear' }),
  'it must wait for the morning': answer('checkClearance', { outcome: 'held', reason: 'quiet-hours', until: START + 2 * HOUR_MS }),
  'it must wait too long': answer('checkClearance', { outcome: 'held', reason: 'quiet-hours', until: START + 5 * HOUR_MS }),
  'nobody wants it': answer('checkClearance', { outcome: 'suppressed', reason: 'opted-out' }),
  'nobody knows whether it may go': failure('checkClearance'),
  'it is taken': answer('sendSms', { outcome: 'accepted', provider: 'africas-talking', providerId: 'p', cost: null, segments: 1 }),
  'it is refused for now': answer('sendSms', { outcome: 'refused', code: 'x', detail: '', retryAfterMs: 15 * 60_000 }),
  'it is refused for good': answer('sendSms', { outcome: 'refused', code: 'x', detail: '', retryAfterMs: null }),
  'it is perhaps taken': answer('sendSms', { outcome: 'uncertain', code: 'x', detail: '' }),
  'sending breaks': failure('sendSms'),
  'it is on its way': report('sent'),
  'it is delivered': report('delivered'),
  'it is not delivered': report('expired'),
  'another message is delivered': report('delivered', 'other'),
  'it is not needed': { event: { type: 'notification.cancel', reason: 'x' } },
  'it is wanted again': { event: { type: 'notification.resend', reason: 'x' } },
}

const answers = new Map<string, Set<boolean>>()
const taken = new Set<string>()

const { machine, untaken } = watchEventless(notificationMachine)
const watched = machine.provide({
  guards: Object.fromEntries(
    Object.entries(notificationMachine.implementations.guards).map(([name, guard]) => [
      name,
      (...args: unknown[]) => {
        const said = (guard as (...args: unknown[]) => boolean)(...args)
        answers.set(name, (answers.get(name) ?? new Set()).add(said))
        return said
      },
    ]),
  ),
})

const stateOf = ({ snapshot }: Life): string => String((snapshot as { value: unknown }).value)
const contextOf = ({ snapshot }: Life): NotificationContext => (snapshot as { context: NotificationContext }).context

function begin(input: (typeof INPUTS)[keyof typeof INPUTS]): Life {
  const [snapshot, actions] = withStepTime(START, () => initialTransition(watched, input))
  return stepped({ now: START, snapshot, timers: new Map(), call: undefined, broken: [] }, snapshot, actions, { type: 'begin' })
}

function stepped(life: Life, snapshot: Snapshot, actions: readonly { type: string; params: unknown }[], event: Message): Life {
  const timers = new Map(life.timers)
  let { call } = life
  for (const { type, params } of actions) {
    const fields = params as { delay?: number; event: Message; id: string; sendId: string } | undefined
    if (type === 'xstate.cancel' && fields !== undefined) timers.delete(fields.sendId)
    if (type === 'xstate.stopChild') call = undefined
    if (type === 'xstate.spawnChild' && fields !== undefined) call = fields.id
    if (type === 'xstate.raise' && fields?.delay !== undefined) timers.set(fields.id, { event: fields.event, dueAt: life.now + fields.delay })
  }
  const after = { ...life, snapshot, timers, call }
  return { ...after, broken: [...life.broken, ...breaches(life, after, event)] }
}

/** What one step must not do. */
function breaches(before: Life, after: Life, event: Message): string[] {
  const context = contextOf(after)
  const isSendBegun = stateOf(after) === 'sending' && stateOf(before) !== 'sending'
  const isCleared = event.type === 'xstate.done.actor.checkClearance' && (event['output'] as { outcome: string }).outcome === 'clear'
  const rules: [string, boolean][] = [
    ['N2: no third send that may be a repetition', context.uncertainSends <= UNCERTAIN_SENDS_MAX && context.attempts < ATTEMPTS_MAX + UNCERTAIN_SENDS_MAX],
    ['N3: a delivery is not taken back', stateOf(before) !== 'delivered' || stateOf(after) === 'delivered' || event.type === 'notification.resend'],
    ['N4: no send without a clearance, but of logins', !isSendBegun || isCleared || context.template === 'hotspot-credentials'],
    ['N4: no send of what is over', !isSendBegun || isWorthSending(context, after.now)],
    ['no more resends than there may be', context.resends <= RESENDS_MAX],
    ['a wait has an end', !['held', 'sent'].includes(stateOf(after)) || after.timers.size === 1],
    ['what is settled waits for nothing', !['suppressed', 'cancelled', 'delivered', 'failed', 'unconfirmed'].includes(stateOf(after)) || (after.timers.size === 0 && after.call === undefined)],
    ['it does not break', (after.snapshot as { status: string }).status === 'active'],
  ]
  return rules.flatMap(([rule, holds]) => (holds ? [] : [`${rule}: ${stateOf(before)} -> ${event.type} -> ${stateOf(after)}`]))
}

function happen(life: Life, what: string): Life {
  if (what === 'a minute passes') return [...life.timers.values()].some(({ dueAt }) => dueAt <= life.now + 60_000) ? life : { ...life, now: life.now + 60_000 }
  // Whoever should have worked meanwhile was down.
  if (what === 'an outage') return { ...life, now: life.now + 5 * HOUR_MS }
  if (what === 'time') {
    const [next] = [...life.timers].sort(([, a], [, b]) => a.dueAt - b.dueAt)
    if (next === undefined) return life
    const [id, { event, dueAt }] = next
    return told({ ...life, now: Math.max(life.now, dueAt), timers: new Map([...life.timers].filter(([other]) => other !== id)) }, event)
  }
  const { call, event } = EVENTS[what] as (typeof EVENTS)[string]
  if (call !== undefined && call !== life.call) return life
  return told(call === undefined ? life : { ...life, call: undefined }, event)
}

function told(life: Life, event: Message): Life {
  return withStepTime(life.now, () => {
    for (const one of watched.getTransitionData(life.snapshot, event as never)) taken.add(idOf(one))
    const [snapshot, actions] = transition(watched, life.snapshot, event as never)
    return snapshot === life.snapshot ? life : stepped(life, snapshot, actions, event)
  })
}

function idOf({ source, eventType, target, guard }: { source: AnyStateNode; eventType: string; target?: readonly AnyStateNode[] | undefined; guard?: unknown }): string {
  const names = (one: unknown): unknown => (typeof one === 'object' && one !== null ? ((one as { guards?: unknown[] }).guards?.map(names) ?? (one as { type?: string }).type) : (one ?? null))
  return [source.id, eventType, (target ?? []).map(({ id }) => id).join(), JSON.stringify(names(guard))].join(' ')
}

/** What tells two lives apart; the rest is left out so that the walk ends. */
function situation(life: Life): string {
  const { attempts, uncertainSends, resends, lastReport, providerId, retryGapMs } = contextOf(life)
  const isRecent = life.now - Math.max(contextOf(life).sentAt ?? 0, START) < 60_000
  return JSON.stringify([stateOf(life), attempts, uncertainSends, Math.min(resends, RESENDS_MAX), lastReport?.status, lastReport?.providerId === providerId, providerId, retryGapMs > 0, isRecent, isWorthSending(contextOf(life), life.now)])
}

describe.each(Object.entries(INPUTS))('%s', (_name, input) => {
  const logic = fromTransition((life: Life, { type }: EventObject) => happen(life, type), () => begin(input))
  const walk = getAdjacencyMap(logic, {
    events: [...Object.keys(EVENTS), 'time', 'a minute passes', 'an outage'].map((type) => ({ type })),
    serializeState: (state) => situation(state.context),
    // The second time is like the first.
    stopWhen: (state) => contextOf(state.context).resends > 1,
    limit: 400_000,
  })
  const lives = Object.values(walk as unknown as Record<string, { state: { context: Life } }>).map(({ state }) => state.context)

  it('keeps what must hold, in every life', () => {
    expect(lives.length).toBeGreaterThan(100)
    expect([...new Set(lives.flatMap(({ broken }) => broken))]).toEqual([])
  })

  it('comes to every state that it can come to', () => {
    const all = Object.keys(notificationMachine.root.states)
    const never = input.template === 'hotspot-credentials' ? ['clearing', 'held', 'suppressed'] : []
    expect(all.filter((state) => !lives.some((life) => stateOf(life) === state))).toEqual(never)
  })
})

describe('all together', () => {
  it('take every transition of an event, of a timer, and of neither', () => {
    const all = Object.values(watched.root.states).flatMap((node) => [...node.transitions.values()].flat().map((one) => idOf(one as never)))
    expect(all.length).toBeGreaterThan(25)
    expect(all.filter((id) => !taken.has(id))).toEqual([])
    expect(untaken()).toEqual([])
  })

  it('have heard yes and no of every guard', () => {
    expect(Object.keys(notificationMachine.implementations.guards).filter((name) => answers.get(name)?.size !== 2)).toEqual([])
  })
})
