/** What the customer may use at this moment, read off the record: for the RADIUS rows and for the routers. */
import type { AccessChange } from '../live-access.ts'
import type { Access, SubscriptionContext } from './context.ts'
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
export function accessChange({ accountNumber, access }: SubscriptionContext): AccessChange {
  const { asked, askedAt } = access
  if (asked === null || asked.level === 'none') return { username: accountNumber, change: { kind: 'disconnect' } }
  return {
    username: accountNumber,
    change: {
      kind: 'coa',
      uploadKbps: asked.uploadKbps,
      downloadKbps: asked.downloadKbps,
      addressList: asked.level === 'throttled' ? GRACE_ADDRESS_LIST : ACTIVE_ADDRESS_LIST,
      sessionTimeoutSeconds: Math.max(1, Math.ceil((asked.until - askedAt) / 1_000)),
    },
  }
}
