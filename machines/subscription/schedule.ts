/** What the calendar brings: reminders, blocks that lift themselves, changes of package. Pure, like money.ts. */
import type { SubscriptionPlan } from '../plan.ts'
import type { Block, ScheduledChange, SubscriptionContext } from './context.ts'
import type { Said } from './events.ts'
import { amountDue, isCovered, planAt } from './money.ts'

type Change = Partial<SubscriptionContext>

/** R9 */
export const BLOCKS_MAX = 20

/** Reminders of the present end of the paid time that may still be told, the nearest to the end last. */
function remindersAhead(context: SubscriptionContext): { distance: number; dueAt: number }[] {
  const { expiresAt, coverage, reminders, end } = context
  if (expiresAt === null || coverage !== 'paid' || end !== null) return []
  // Credit that renews by itself needs no reminder.
  if (isCovered(context, expiresAt)) return []
  return planAt(context, expiresAt)
    .reminderSeconds.filter((distance) => !reminders.told.includes(distance))
    .map((distance) => ({ distance, dueAt: expiresAt - distance * 1_000 }))
    .filter(({ dueAt }) => dueAt > reminders.notBefore)
}

/** When to look again; null: never. */
export function nextReminderAt(context: SubscriptionContext, at: number): number | null {
  const ahead = remindersAhead(context).filter(({ dueAt }) => dueAt > at)
  return ahead.length === 0 ? null : Math.min(...ahead.map(({ dueAt }) => dueAt))
}

/** The one to tell now: of several that were missed only the nearest to the end, for the others are no news any more. */
export function dueReminder(context: SubscriptionContext, at: number): number | undefined {
  const { expiresAt } = context
  if (expiresAt === null || at >= expiresAt) return undefined
  return remindersAhead(context).filter(({ dueAt }) => dueAt <= at).at(-1)?.distance
}

/** Marks it told, and with it those that were due before. */
export function withReminder(context: SubscriptionContext, at: number): Change {
  const due = dueReminder(context, at)
  if (due === undefined) return {}
  const told = planAt(context, context.expiresAt ?? at).reminderSeconds.filter((distance) => distance >= due)
  return { reminders: { ...context.reminders, told: [...new Set([...context.reminders.told, ...told])] } }
}

const NOTICES = { reminder: 'rem', grace: 'grace', suspended: 'off', data: 'data' } as const

/** Names one notice for ever, so that it is sent once whatever is repeated. Short: it becomes part of an id. */
export function noticeKey(kind: keyof typeof NOTICES, context: SubscriptionContext, distance: number): string {
  if (kind === 'data') return `${NOTICES.data}-${(context.usage.termFrom ?? 0).toString(36)}`
  const end = Math.floor((context.expiresAt ?? 0) / 1_000).toString(36)
  return kind === 'reminder' ? `${NOTICES[kind]}-${end}-${distance}` : `${NOTICES[kind]}-${end}`
}

export function missingAmount(context: SubscriptionContext, at: number): number {
  return amountDue(context, Math.max(at, context.expiresAt ?? 0))
}

export function withBlock(context: SubscriptionContext, { block, reason, until }: Said<'subscription.suspend'>, at: number): Change {
  const since = context.blocks[block]?.since ?? at
  return { blocks: { ...context.blocks, [block]: { reason, since, until: until === undefined ? null : Date.parse(until) } } }
}

export function withoutBlock(context: SubscriptionContext, block: string): Change {
  return { blocks: without(context.blocks, (name) => name === block) }
}

/** Of those that have an end, the earliest. */
export function nextLiftAt({ blocks }: Pick<SubscriptionContext, 'blocks'>): number | null {
  const ends = Object.values(blocks).flatMap(({ until }) => (until === null ? [] : [until]))
  return ends.length === 0 ? null : Math.min(...ends)
}

export function blocksOver({ blocks }: Pick<SubscriptionContext, 'blocks'>, at: number): string[] {
  return Object.entries(blocks).flatMap(([name, { until }]) => (until !== null && until <= at ? [name] : []))
}

export function withBlocksLifted(context: SubscriptionContext, at: number): Change {
  const over = blocksOver(context, at)
  return { blocks: without(context.blocks, (name) => over.includes(name)) }
}

function without(blocks: Record<string, Block>, isGone: (name: string) => boolean): Record<string, Block> {
  return Object.fromEntries(Object.entries(blocks).filter(([name]) => !isGone(name)))
}

/** What is said now may be on its way for so long, by a clock that goes so wrong. */
const SAID_NOW_MS = 60_000

/** Whoever names a day that is past has mistyped it: were it taken for now, time that was bought would be exchanged at once. */
export function isChangeAhead({ at: when }: Said<'subscription.changePackage'>, at: number): boolean {
  return when === 'term-end' || when === 'now' || Date.parse(when) >= at - SAID_NOW_MS
}

/** Now, if nothing paid for lies before it. */
export function changeMoment(context: SubscriptionContext, { at: when }: Said<'subscription.changePackage'>, at: number): number {
  if (when === 'now' || context.coverage !== 'paid' || context.expiresAt === null) return at
  return Math.max(at, when === 'term-end' ? context.expiresAt : Date.parse(when))
}

export function withChange(context: SubscriptionContext, event: Said<'subscription.changePackage'>, at: number): { change: ScheduledChange } {
  return { change: { plan: event.package, at: changeMoment(context, event, at), when: event.at === 'term-end' ? 'term-end' : 'date', agreedAt: at } }
}

/** Time was bought under the change already: it can no more be taken back. */
export function isChangeBought({ terms }: Pick<SubscriptionContext, 'terms'>): boolean {
  return terms.some(({ isNext }) => isNext === true)
}

export function isSameCurrency(context: SubscriptionContext, plan: SubscriptionPlan): boolean {
  return plan.currency === context.plan.currency
}
