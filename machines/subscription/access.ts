/** What the customer may use at this moment, read off the record: for the RADIUS rows and for the routers. */
import type { Login } from '../accounting.ts'
import { ASK_AGAIN_AFTER_MS, type AccessChange } from '../live-access.ts'
import type { Access, SubscriptionContext } from './context.ts'
import type { Said } from './events.ts'
import { isDataUsedUp, isSlowedWhenUsedUp } from './usage.ts'

/** RouterOS puts whoever is on it behind a page that asks for money. */
export const GRACE_ADDRESS_LIST = 'standing-grace'
/** Means nothing to the router: a change of authorization can name another list, but not take one away. */
export const ACTIVE_ADDRESS_LIST = 'standing-active'

/** There only while no block holds, whoever holds it. */
export function accessOf(context: SubscriptionContext): Access {
  const { plan, coverage, blocks, expiresAt, graceUsed, graceEndsAt, end } = context
  if (end !== null || coverage === 'none' || expiresAt === null || Object.keys(blocks).length > 0) return { level: 'none' }
  const isUsedUp = isDataUsedUp(context)
  if (isUsedUp && !isSlowedWhenUsedUp(context)) return { level: 'none' }
  if (coverage === 'grace') return { level: 'throttled', uploadKbps: plan.graceUploadKbps, downloadKbps: plan.graceDownloadKbps, until: graceEndsAt ?? expiresAt }
  // A session is not cut off where grace would let it in again the next moment, only slower.
  const until = graceUsed ? expiresAt : expiresAt + plan.graceSeconds * 1_000
  if (isUsedUp) return { level: 'slowed', uploadKbps: plan.graceUploadKbps, downloadKbps: plan.graceDownloadKbps, until }
  return { level: 'full', uploadKbps: plan.uploadKbps, downloadKbps: plan.downloadKbps, until }
}

export function isSameAccess(one: Access | null, other: Access): boolean {
  return JSON.stringify(one) === JSON.stringify(other)
}

/** For devices that are logged in now; whoever logs in later is told by the RADIUS rows. */
export function accessChange(context: SubscriptionContext): AccessChange {
  const { asked, askedAt } = context.access
  if (asked === null || asked.level === 'none') return cutOff(context)
  return {
    ...toldOf(context),
    change: {
      kind: 'coa',
      uploadKbps: asked.uploadKbps,
      downloadKbps: asked.downloadKbps,
      addressList: asked.level === 'throttled' ? GRACE_ADDRESS_LIST : ACTIVE_ADDRESS_LIST,
      sessionTimeoutSeconds: Math.max(1, Math.ceil((asked.until - askedAt) / 1_000)),
    },
  }
}

/** The next login gets what the RADIUS rows say. */
export function cutOff(context: SubscriptionContext): AccessChange {
  return { ...toldOf(context), change: { kind: 'disconnect' } }
}

function toldOf({ accountNumber, access: { isAgain } }: SubscriptionContext): Omit<AccessChange, 'change'> {
  return { username: accountNumber, ...(isAgain === true ? { isAgain } : {}) }
}

/** S18. Where nobody is online any more, there may be nothing left to ask for. */
export function isWorthAsking(context: SubscriptionContext, account: Said<'subscription.account'>, at: number): boolean {
  if (account.revision <= context.usage.revision) return false
  return account.routerBack === true || account.online.length === 0 || at - context.access.askedAt >= ASK_AGAIN_AFTER_MS || isBackUntold(context, account)
}

/** S18: taken for closed when open logins were told, because their router was silent, and here again. Whoever logs in anew got what the rows say. */
export function isBackUntold({ access, usage }: SubscriptionContext, { revision, online }: Said<'subscription.account'>): boolean {
  const isUntold = ({ id, since }: Login): boolean => since < access.askedAt && !usage.online.some((known) => known.id === id)
  return revision > usage.revision && online.some(isUntold)
}
