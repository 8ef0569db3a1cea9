/**
 * The rules of money. Pure: each takes the record and gives the changed fields.
 *
 *   S1  A payment extends from max(now, end of the paid time): paying early loses nothing, paying late pays for no time without access.
 *   S2  One payment buys one term at most. What it does not need stays as credit, which buys the next term when the paid time ends.
 *   S3  Partial payments gather as credit until they cover a term.
 *   S4  Debts come first, the oldest before all. No term is bought while there is one.
 *   S5  The price is the one agreed on: of the plan, or from its date on of the scheduled change. No price list moves it.
 *   S6  Money that goes back is taken from the credit, then from time bought and not yet used (by exact time, rounded in favour of
 *       the business by less than one minor unit), and what is left is a debt. It leaves no grace.
 *   S7  Time that another plan takes over within a term keeps its value: it lasts as long as that value lasts at the new price.
 *   S8  At every step: payments - what went back - terms and charges = credit - debts. So do the ledger's postings sum up.
 */
import { addMonths } from '../calendar.ts'
import type { SubscriptionPlan } from '../plan.ts'
import type { PaidTerm, SubscriptionContext, TakenPayment } from './context.ts'
import type { Said } from './events.ts'
import { withDataBroughtForward } from './usage.ts'

type Change = Partial<SubscriptionContext>
type Record = SubscriptionContext

/** R9. More are in the journal. */
const PAYMENTS_KEPT = 50
export const DEBTS_MAX = 50
const UNUSABLE_KEPT = 20
/** Nobody pays further ahead by intent; more stays credit. */
const TERMS_AHEAD_MAX = 24

/** A renewal from credit is made at the very end of the paid time. Made later than this we were down, and the customer was without access. */
const LATE_MS = 60_000

/** S5 */
export function planAt({ plan, change }: Pick<Record, 'plan' | 'change'>, at: number): SubscriptionPlan {
  return change !== null && change.at <= at ? change.plan : plan
}

/** What is missing for the next term. */
export function amountDue(context: Record, from: number): number {
  const owed = context.debts.reduce((sum, { amount }) => sum + amount, 0)
  return Math.max(0, planAt(context, from).amount + owed - context.credit)
}

/** Where the next term begins (S1). */
export function nextStart({ expiresAt }: Pick<Record, 'expiresAt'>, at: number): number {
  return Math.max(at, expiresAt ?? 0)
}

function renewalStart({ expiresAt }: Record, at: number): number {
  return expiresAt !== null && at - expiresAt <= LATE_MS ? expiresAt : at
}

export function isCovered(context: Record, at: number): boolean {
  const isFarAhead = context.terms.filter(({ from }) => from > at).length >= TERMS_AHEAD_MAX
  return !isFarAhead && amountDue(context, nextStart(context, at)) === 0
}

/** S1, S2, S3, S4: takes the money and buys what it covers. */
export function withPayment(context: Record, event: Said<'subscription.pay'>, at: number): Change {
  const credited = withMoney(context, event, at)
  const record = { ...context, ...credited }
  if (!isCovered(record, at)) return credited
  const bought = { ...credited, ...withTerm(record, nextStart(record, at), at) }
  return { ...bought, ...withDataBroughtForward({ ...context, ...bought }, at) }
}

/** Money that buys nothing now. */
export function withMoney(context: Record, { paymentId: id, amount, receipt }: Said<'subscription.pay'>, at: number): Change {
  const payment: TakenPayment = { id, amount, receipt, at, revoked: 0 }
  return { payments: [...context.payments, payment].slice(-PAYMENTS_KEPT), ...settled(context.credit + amount, context.debts) }
}

/** True if the paid time, with what this payment buys, goes on beyond what it was. */
export function doesExtend(context: Record, event: Said<'subscription.pay'>, at: number): boolean {
  return isCovered({ ...context, ...withMoney(context, event, at) }, at)
}

/** S2: what the credit buys when the paid time is over. */
export function withRenewal(context: Record, at: number): Change {
  return withTerm(context, renewalStart(context, at), at)
}

function withTerm(context: Record, from: number, at: number): Change {
  const plan = planAt(context, from)
  const { to, months } = endOf(context, plan, from)
  return {
    credit: context.credit - plan.amount,
    terms: [...current(context.terms, at), { from, to, price: plan.amount, planId: plan.id, ...(plan === context.plan ? {} : { isNext: true as const }) }],
    expiresAt: to,
    months,
    startedAt: context.startedAt ?? at,
    graceUsed: false,
    reminders: { ...context.reminders, told: [], notBefore: at },
  }
}

/** The n-th month of a run ends n months after its beginning, not one month after the month before: a 31st comes back after February. */
function endOf({ months, expiresAt, timeZone }: Record, { term }: SubscriptionPlan, from: number): Pick<Record, 'months'> & { to: number } {
  if (term.unit === 'seconds') return { to: from + term.count * 1_000, months: null }
  const run = months === null || from !== expiresAt ? { anchor: from, count: term.count } : { ...months, count: months.count + term.count }
  return { to: addMonths(run.anchor, run.count, timeZone), months: run }
}

function current(terms: readonly PaidTerm[], at: number): PaidTerm[] {
  return terms.filter(({ to }) => to > at)
}

/** S4 */
function settled(money: number, debts: Record['debts']): Pick<Record, 'credit' | 'debts'> {
  let credit = money
  const left = debts.flatMap((debt) => {
    const paid = Math.min(credit, debt.amount)
    credit -= paid
    return paid === debt.amount ? [] : [{ ...debt, amount: debt.amount - paid }]
  })
  return { credit, debts: left }
}

export function withCharge(context: Record, { amount, reason }: Said<'subscription.charge'>, at: number): Change {
  return settled(context.credit, [...context.debts, { id: `charge-${at}-${context.debts.length}`, amount, reason, at }])
}

/** S6. `returned`: what of the price of terms is given back for it. */
export function withRevocation(context: Record, { paymentId, amount, reason }: Said<'subscription.revokePayment'>, at: number): { changes: Change; returned: number } {
  const payments = context.payments.map((one) => (one.id === paymentId ? { ...one, revoked: one.revoked + amount } : one))
  let terms = current(context.terms, at)
  let returned = 0
  for (let last = terms.at(-1); last !== undefined && context.credit + returned < amount; last = terms.at(-1)) {
    returned += unusedValue(last, at)
    terms = terms.slice(0, -1)
    if (last.from < at) break
  }
  const isCut = returned > 0 || terms.length < current(context.terms, at).length
  const short = amount - context.credit - returned
  const debts = short > 0 ? [...context.debts, { id: `revoked-${paymentId}`.slice(0, 200), amount: short, reason, at }] : context.debts
  const money = settled(Math.max(0, -short), debts)
  return { changes: { payments, ...money, ...(isCut ? endedAt(context, terms, Math.max(at, terms.at(-1)?.to ?? at), at) : {}) }, returned }
}

function endedAt(context: Record, terms: PaidTerm[], expiresAt: number, at: number): Change {
  return { terms, expiresAt, months: null, graceUsed: context.graceUsed || expiresAt <= at, reminders: { ...context.reminders, told: [], notBefore: at } }
}

/** The price of the part that is still to come, by exact time. */
function unusedValue({ from, to, price }: PaidTerm, at: number): number {
  return from >= at ? price : share(price, to - at, to - from)
}

/** Exact, where a product of money and milliseconds is beyond what a number holds; rounded down. */
function share(value: number, part: number | bigint, whole: number | bigint): number {
  return whole === 0 ? 0 : Number((BigInt(value) * BigInt(part)) / BigInt(whole))
}

/** Staff move the end; a moment that is past means now. Time beyond the paid time is a gift. */
export function withExpiry(context: Record, expiresAt: number, at: number): Change {
  const end = Math.max(expiresAt, at)
  const paid = nextStart(context, at)
  const kept = current(context.terms, at).flatMap((term): PaidTerm[] => {
    if (term.from >= end) return []
    return [term.to <= end ? term : { ...term, to: end, price: share(term.price, end - term.from, term.to - term.from) }]
  })
  const terms = end > paid ? [...kept, { from: paid, to: end, price: 0, planId: context.plan.id }] : kept
  const isCarried = context.change?.when === 'term-end' && context.change.at === context.expiresAt
  return {
    terms,
    expiresAt: end,
    months: null,
    startedAt: context.startedAt ?? at,
    reminders: remindersOfMoved(context, end, at),
    ...(isCarried && context.change !== null ? { change: { ...context.change, at: end } } : {}),
  }
}

/** S12: of what was told, or passed over because the customer had just paid, only that is forgotten whose moment lies ahead again. */
function remindersOfMoved(context: Record, end: number, at: number): Record['reminders'] {
  const { expiresAt, reminders } = context
  const passedOver = expiresAt === null ? [] : planAt(context, expiresAt).reminderSeconds.filter((distance) => expiresAt - distance * 1_000 <= reminders.notBefore)
  return { told: [...new Set([...reminders.told, ...passedOver])].filter((distance) => end - distance * 1_000 <= at), notBefore: 0 }
}

/**
 * S7: another plan takes over from that moment on. Time bought under the old one keeps its value, a gift its length; what was bought
 * for the time after the change was bought under the new plan already. `at`: when that is found out, later after an outage.
 */
export function withNewPlan(context: Record, plan: SubscriptionPlan, moment: number, at: number): Change {
  const done = { plan, change: null }
  const rest = current(context.terms, moment)
  const old = rest.filter(({ isNext }) => isNext !== true)
  if (old.length === 0) return { ...done, terms: rest.map(withoutMark) }
  const fullLength = endOf({ ...context, months: null }, plan, moment).to - moment
  const converted = old.map((term) => {
    const left = term.to - Math.max(term.from, moment)
    const isJoined = term.dataFrom !== undefined
    return { price: unusedValue(term, moment), isJoined, length: term.price === 0 ? left : share(fullLength, BigInt(term.price) * BigInt(left), BigInt(term.to - term.from) * BigInt(plan.amount)) }
  })
  const bought = rest.filter(({ isNext }) => isNext === true).map(({ from, to, price }) => ({ price, isJoined: false, length: to - from }))
  const terms = inARow([...converted, ...bought], plan.id, moment)
  const expiresAt = terms.at(-1)?.to ?? moment
  return { ...done, terms, expiresAt, months: null, reminders: remindersOfMoved(context, expiresAt, at) }
}

function withoutMark({ isNext: _isNext, ...term }: PaidTerm): PaidTerm {
  return term
}

/** `isJoined`: its data was brought forward into the part before it, so that both still have one allowance (S17). */
function inARow(parts: readonly { price: number; length: number; isJoined: boolean }[], planId: string, begin: number): PaidTerm[] {
  let from = begin
  let dataFrom = begin
  return parts
    .filter(({ length }) => length > 0)
    .map(({ price, length, isJoined }) => {
      const to = from + length
      if (!isJoined) dataFrom = from
      const term = { from, to, price, planId, ...(dataFrom < from ? { dataFrom } : {}) }
      from = to
      return term
    })
}

export function withUnusable(context: Record, { paymentId, amount, currency }: Said<'subscription.pay'>, at: number): Change {
  return { unusable: [...context.unusable, { paymentId, amount, currency, at }].slice(-UNUSABLE_KEPT) }
}
