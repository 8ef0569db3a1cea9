/**
 * What the customer has used, as RADIUS accounting tells it, and the data of each term. Pure, like money.ts.
 *
 *   S14  A package with data gives so much anew with each term, from its beginning on; nothing is carried over. A gift of time and a change of
 *        package begin a term of their own. Traffic that is reported after a boundary counts for the new term: at most one report's.
 *   S15  Data used up before the end: slowed down to the grace speed where the package has one, else cut off. The paid time runs on, and
 *        the next term has data again.
 *   S17  A payment that buys a term of the same package while the data is used up brings the data of the next term forward: it counts from now
 *        to the end of that term. No time is lost (S1). If that term goes again (S6), so does its data. A term that was bought under an agreed change keeps its data for itself.
 *   S16  Who is online and how much was used comes as a whole and with a revision, so that order and repetition do not matter.
 */
import type { PaidTerm, SubscriptionContext } from './context.ts'
import type { Said } from './events.ts'

type Change = Partial<SubscriptionContext>

export function withAccount(context: SubscriptionContext, { online, uploadBytes, downloadBytes, logins, revision }: Said<'subscription.account'>, at: number): Change {
  return { usage: { ...context.usage, online, uploadBytes, downloadBytes, logins, revision, at } }
}

/** Whose data is counted now; undefined: no data is, or no time is paid for. */
export function quotaTerm({ plan, terms }: Pick<SubscriptionContext, 'plan' | 'terms'>, at: number): PaidTerm | undefined {
  // Of two, the later one was brought forward, for the data of the earlier one is used up (S17).
  return plan.dataBytes === null ? undefined : terms.findLast((term) => dataStart(term) <= at && at < term.to)
}

function dataStart({ from, dataFrom = from }: PaidTerm): number {
  return dataFrom
}

/** S17, after a term was bought. */
export function withDataBroughtForward(context: SubscriptionContext, at: number): Change {
  const counted = quotaTerm(context, at)
  if (counted === undefined || dataStart(counted) !== context.usage.termFrom || !isDataUsedUp(context)) return {}
  const next = context.terms[context.terms.indexOf(counted) + 1]
  if (next === undefined || next.isNext === true) return {}
  // Counted anew here, not by `withQuota`: within one millisecond it could not tell the two terms apart.
  const usage = { ...context.usage, termFrom: at, before: totalBytes(context) }
  return { usage, terms: context.terms.map((term) => (term === next ? { ...term, dataFrom: at } : term)) }
}

/** Begins to count anew if it is another term, and notes its end. */
export function withQuota(context: SubscriptionContext, at: number): Change {
  const term = quotaTerm(context, at)
  if (term === undefined) return {}
  const { usage, armed, plan } = context
  const start = dataStart(term)
  // Back in an earlier term after one that was brought forward has gone: its own data was used up, or none had been brought forward.
  const before = usage.termFrom !== null && start < usage.termFrom ? usage.before - (plan.dataBytes ?? 0) : totalBytes(context)
  return { armed: { ...armed, quota: term.to }, ...(start === usage.termFrom ? {} : { usage: { ...usage, termFrom: start, before } }) }
}

export function isOtherQuota(context: SubscriptionContext, at: number): boolean {
  const term = quotaTerm(context, at)
  return term !== undefined && (dataStart(term) !== context.usage.termFrom || term.to !== context.armed.quota)
}

function totalBytes({ usage }: Pick<SubscriptionContext, 'usage'>): number {
  return usage.uploadBytes + usage.downloadBytes
}

/** In the term whose data is counted. */
export function bytesInTerm(context: Pick<SubscriptionContext, 'usage'>): number {
  return Math.max(0, totalBytes(context) - context.usage.before)
}

export function isDataUsedUp({ plan, usage }: Pick<SubscriptionContext, 'plan' | 'usage'>): boolean {
  return plan.dataBytes !== null && usage.termFrom !== null && bytesInTerm({ usage }) >= plan.dataBytes
}

/** S15: the package's own rule. */
export function isSlowedWhenUsedUp({ plan }: Pick<SubscriptionContext, 'plan'>): boolean {
  return plan.graceUploadKbps !== null || plan.graceDownloadKbps !== null
}

/** Over all logins ever, at which RADIUS itself ends the access; null: it does not. */
export function dataLimitInAll({ plan, usage }: Pick<SubscriptionContext, 'plan' | 'usage'>): number | null {
  return plan.dataBytes === null || usage.termFrom === null || isSlowedWhenUsedUp({ plan }) ? null : usage.before + plan.dataBytes
}
