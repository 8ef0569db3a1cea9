/**
 * What the customer has used, as RADIUS accounting tells it, and the data of each term. Pure, like money.ts.
 *
 *   S14  A package with data gives so much anew with each term, from its beginning on; nothing is carried over. A gift of time and a change of
 *        package begin a term of their own. Traffic that is reported after a boundary counts for the new term: at most one report's.
 *   S15  Data used up before the end: slowed down to the grace speed where the package has one, else cut off. The paid time runs on, and
 *        the next term has data again.
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
  return plan.dataBytes === null ? undefined : terms.find(({ from, to }) => from <= at && at < to)
}

/** Begins to count anew if it is another term, and notes its end. */
export function withQuota(context: SubscriptionContext, at: number): Change {
  const term = quotaTerm(context, at)
  if (term === undefined) return {}
  const { usage, armed } = context
  return { armed: { ...armed, quota: term.to }, ...(term.from === usage.termFrom ? {} : { usage: { ...usage, termFrom: term.from, before: totalBytes(context) } }) }
}

export function isOtherQuota(context: SubscriptionContext, at: number): boolean {
  const term = quotaTerm(context, at)
  return term !== undefined && (term.from !== context.usage.termFrom || term.to !== context.armed.quota)
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
