/**
 * The life of a subscription played by XState's own pure functions: values, not objects that change, so that a walk may branch. Timers
 * fire in the order in which they are due, each at its own time, and routers answer at once unless a test answers for them.
 */
import { expect } from 'vitest'
import { initialTransition, transition, type StateValue } from 'xstate'
import type { SubscriptionContext } from '../../../machines/subscription/context.ts'
import { subscriptionInput, type SubscriptionInput } from '../../../machines/subscription/events.ts'
import { subscriptionMachine } from '../../../machines/subscription/machine.ts'
import { withStepTime } from '../../../runtime/step/step-time.ts'
import type { Message } from './play.ts'

export const HOUR_MS = 3_600_000
export const DAY_MS = 24 * HOUR_MS
/** A Thursday at noon in Nairobi. */
export const START = Date.UTC(2026, 0, 1, 9)

export const HOME = {
  id: 'home',
  name: 'Home 10',
  term: { unit: 'months', count: 1 },
  amount: 250_000,
  currency: 'KES',
  uploadKbps: 5_000,
  downloadKbps: 10_000,
  devices: 5,
  graceSeconds: 3 * 86_400,
  graceUploadKbps: 256,
  graceDownloadKbps: 512,
  reminderSeconds: [7 * 86_400, 86_400],
} as const

export const WEEK = { ...HOME, id: 'week', name: 'Week', term: { unit: 'seconds', count: 7 * 86_400 }, amount: 70_000, graceSeconds: 86_400, reminderSeconds: [86_400, 3_600] } as const

export function inputOf(more: object = {}): SubscriptionInput {
  return subscriptionInput.parse({ accountNumber: '12345674', name: 'Wanjiru', phone: '254708374149', plan: HOME, ...more })
}

type Snapshot = ReturnType<typeof initialTransition<typeof subscriptionMachine>>[0]

export interface Life {
  now: number
  snapshot: Snapshot
  timers: ReadonlyMap<string, { event: Message; dueAt: number; armed: number }>
  /** What the routers are being told. */
  call: { id: string; input: unknown } | undefined
  /** Of the newest step. */
  facts: Message[]
  /** Of all steps. */
  story: Message[]
  steps: number
}

const CARRIED_OUT = new Set(['xstate.raise', 'xstate.cancel', 'xstate.emit', 'xstate.spawnChild', 'xstate.stopChild'])

export function begin(input: SubscriptionInput = inputOf(), now = START, machine: typeof subscriptionMachine = subscriptionMachine): Life {
  const [snapshot, actions] = withStepTime(now, () => initialTransition(machine, input as never))
  expect((snapshot as { error?: unknown }).error).toBeUndefined()
  return step({ now, snapshot, timers: new Map(), call: undefined, facts: [], story: [], steps: 0 }, snapshot, actions)
}

/** Undefined when no transition takes the event (R8). */
export function told(life: Life, event: Message, machine: typeof subscriptionMachine = subscriptionMachine): Life | undefined {
  const [snapshot, actions] = withStepTime(life.now, () => transition(machine, life.snapshot, event as never))
  return snapshot === life.snapshot ? undefined : step(life, snapshot, actions)
}

/** The event must be taken; routers answer. */
export function tell(life: Life, event: Message): Life {
  const after = told(life, event)
  if (after === undefined) throw new Error(`${event.type} is not taken in ${statesOf(life).join(', ')}`)
  return answered(after)
}

export function answered(life: Life, output: object = { sessions: 1, gone: 0, refused: 0 }): Life {
  let now = life
  while (now.call !== undefined) {
    const { id } = now.call
    const after = told({ ...now, call: undefined }, { type: `xstate.done.actor.${id}`, output })
    if (after === undefined) return now
    now = { ...after, facts: [...now.facts, ...after.facts] }
  }
  return now
}

/** Lets time pass. @param lateMs so much later than it is due each timer fires, as real ones do */
export function elapse(life: Life, ms: number, lateMs = 0): Life {
  const end = life.now + ms
  let now = life
  for (let next = dueTimer(now); next !== undefined && next.dueAt <= end; next = dueTimer(now)) now = fired({ ...now, now: Math.max(now.now, next.dueAt + lateMs) }, next.id)
  return { ...now, now: Math.max(now.now, end) }
}

/** An outage: the time passes, and only then what was due comes, late and in order. */
export function outage(life: Life, ms: number): Life {
  const end = life.now + ms
  let now: Life = { ...life, now: end }
  for (let next = dueTimer(now); next !== undefined && next.dueAt <= end; next = dueTimer(now)) now = fired(now, next.id)
  return now
}

export function dueTimer({ timers }: Life): { id: string; dueAt: number } | undefined {
  return [...timers].map(([id, { dueAt, armed }]) => ({ id, dueAt, armed })).sort((a, b) => a.dueAt - b.dueAt || a.armed - b.armed || a.id.localeCompare(b.id))[0]
}

export function fired(life: Life, id: string): Life {
  const timers = new Map(life.timers)
  const timer = timers.get(id)
  timers.delete(id)
  return answered(told({ ...life, timers }, timer?.event ?? { type: 'none' }) ?? { ...life, timers })
}

function step(life: Life, snapshot: Snapshot, actions: readonly { type: string; params: unknown }[]): Life {
  const timers = new Map(life.timers)
  const facts: Message[] = []
  let { call } = life
  for (const { type, params } of actions) {
    expect(CARRIED_OUT, `action ${type} is neither bookkeeping nor an effect`).toContain(type)
    const fields = params as { delay?: number; event: Message; id: string; sendId: string; input: unknown } | undefined
    if (type === 'xstate.emit' && fields !== undefined) facts.push(fields.event)
    if (type === 'xstate.cancel' && fields !== undefined) timers.delete(fields.sendId)
    if (type === 'xstate.stopChild') call = undefined
    if (type === 'xstate.spawnChild' && fields !== undefined) call = { id: fields.id, input: fields.input }
    if (type === 'xstate.raise' && fields?.delay !== undefined) {
      expect(Number.isFinite(fields.delay) && fields.delay >= 0, `delay ${fields.id} is ${fields.delay}`).toBe(true)
      timers.set(fields.id, { event: fields.event, dueAt: life.now + fields.delay, armed: life.steps })
    }
  }
  const { context } = snapshot as { context: unknown }
  expect(JSON.parse(JSON.stringify(context))).toStrictEqual(context)
  expect(JSON.parse(JSON.stringify(facts))).toStrictEqual(facts)
  return { now: life.now, snapshot, timers, call, facts, story: [...life.story, ...facts], steps: life.steps + 1 }
}

export function contextOf(life: Life): SubscriptionContext {
  return (life.snapshot as { context: SubscriptionContext }).context
}

/** As `service.active`. */
export function statesOf(life: Life): string[] {
  return Object.entries((life.snapshot as { value: StateValue }).value).map(([region, state]) => `${region}.${state as string}`)
}

export function serviceOf(life: Life): string {
  return String(((life.snapshot as { value: Record<string, unknown> }).value)['service'])
}

let payments = 0

export function payment(amount: number, more: object = {}): Message {
  payments += 1
  return { type: 'subscription.pay', paymentId: `pay_${payments}`, amount, currency: 'KES', receipt: null, paidAt: 0, ...more }
}

export function pay(life: Life, amount: number, more: object = {}): Life {
  return tell(life, payment(amount, more))
}

export const iso = (at: number): string => new Date(at).toISOString()

/** The dates on which the paid time ended, as local time of a zone. */
export function local(at: number | null, timeZone = 'Africa/Nairobi'): string {
  return new Date(at ?? 0).toLocaleString('sv-SE', { timeZone, dateStyle: 'short', timeStyle: 'short' })
}

export function kindsOf(facts: readonly Message[]): string[] {
  return facts.map(({ type }) => type.replace('subscription.', '')).filter((type) => type !== 'accessApplied')
}
