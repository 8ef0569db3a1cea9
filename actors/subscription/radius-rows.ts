/**
 * The RADIUS rows of a subscription, under its account number: there exactly while it grants access (S9), written in the commit of
 * the step that changes it (R1). Whoever logs in gets what they say; sessions that are open are told by `applyAccess`. While they are
 * not there, `radius.held_back` says why, to whoever has shown the password.
 */
import { accessOf, GRACE_ADDRESS_LIST } from '../../machines/subscription/access.ts'
import type { SubscriptionContext } from '../../machines/subscription/context.ts'
import { dataLimitInAll } from '../../machines/subscription/usage.ts'
import type { Address, Projection } from '../../runtime/index.ts'
import type { CredentialIssuer } from '../credentials.ts'
import { accessRows, type AccessRules } from '../radius-rows/access.ts'
import { ACCOUNT_EVERY_SECONDS, expirationValue, radiusRow, rateLimitValue, type RadiusRow } from '../radius-rows/values.ts'
import { whyRefused } from './why-refused.ts'

/** By which the database binds devices and counts, and accounting finds the subscription; it stays, for late accounting and logins that must be cut off. */
export const subscriptionAccess: Projection = ({ address, context, previousContext }) => {
  const rows = accessRows(address, rulesOf(context as SubscriptionContext))
  const before = previousContext === undefined ? undefined : accessRows(address, rulesOf(previousContext as SubscriptionContext))
  return JSON.stringify(rows) === JSON.stringify(before) ? [] : [rows]
}

function rulesOf(context: SubscriptionContext): AccessRules {
  const { accountNumber: username, plan, deviceGeneration } = context
  return { username, devices: plan.devices, dataBytes: dataLimitInAll(context), deviceGeneration }
}

interface Rows {
  check: RadiusRow[]
  reply: RadiusRow[]
}

export function subscriptionRadiusRows(issuer: CredentialIssuer): Projection {
  return ({ address, context, previousContext }) => {
    const now = context as SubscriptionContext
    const rows = rowsOf(now, address, issuer)
    const before = previousContext === undefined ? { check: [], reply: [] } : rowsOf(previousContext as SubscriptionContext, address, issuer)
    const key = { username: now.accountNumber }
    return [
      ...(isSame(rows.check, before.check) ? [] : [{ table: 'radius.radcheck', key, rows: rows.check }]),
      ...(isSame(rows.reply, before.reply) ? [] : [{ table: 'radius.radreply', key, rows: rows.reply }]),
    ]
  }
}

function rowsOf(context: SubscriptionContext, address: Address, issuer: CredentialIssuer): Rows {
  const { accountNumber: username, plan, credentialVersion } = context
  const access = accessOf(context)
  if (access.level === 'none') return { check: [], reply: [] }
  const { uploadKbps, downloadKbps } = access
  return {
    check: [
      // Readable for the reason given in actors/hotspot-session/radius-rows.ts.
      radiusRow(username, 'Cleartext-Password', issuer.issue(address, credentialVersion).password),
      radiusRow(username, 'Simultaneous-Use', String(plan.devices)),
      radiusRow(username, 'Expiration', expirationValue(access.until)),
    ],
    reply: [
      ...(uploadKbps === null && downloadKbps === null ? [] : [radiusRow(username, 'Mikrotik-Rate-Limit', rateLimitValue(uploadKbps, downloadKbps))]),
      ...(access.level === 'throttled' ? [radiusRow(username, 'Mikrotik-Address-List', GRACE_ADDRESS_LIST)] : []),
      // What is left of the data is told by the database (radius.live_radreply), and only where its end is the end of the access.
      radiusRow(username, 'Acct-Interim-Interval', String(ACCOUNT_EVERY_SECONDS)),
    ],
  }
}

/** Who has an account and no access: his password to be compared, and what he hears when it was right. It lets nobody in. */
export function subscriptionHeldBack(issuer: CredentialIssuer): Projection {
  return ({ address, context, previousContext }) => {
    const rowOf = (record: SubscriptionContext) =>
      accessOf(record).level === 'none'
        ? [{ username: record.accountNumber, password: issuer.issue(address, record.credentialVersion).password, reason: whyRefused(record) }]
        : []
    const rows = rowOf(context as SubscriptionContext)
    const before = previousContext === undefined ? [] : rowOf(previousContext as SubscriptionContext)
    if (JSON.stringify(rows) === JSON.stringify(before)) return []
    return [{ table: 'radius.held_back', key: { username: (context as SubscriptionContext).accountNumber }, rows }]
  }
}

function isSame(one: readonly RadiusRow[], other: readonly RadiusRow[]): boolean {
  return JSON.stringify(one) === JSON.stringify(other)
}
