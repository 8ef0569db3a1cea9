/**
 * Which events need more than the permission to send. First rule that fits counts; what none fits needs `send`.
 * Without this an agent could report a payment as paid that nobody made.
 */
import type { Permission } from './permissions.ts'

interface SendRule {
  /** Absent: any type. */
  type?: string
  event: RegExp
  permission: Permission
}

const SEND_RULES: readonly SendRule[] = [
  // What an outside system tells us comes by its web hook; by hand only for those who may repair everything.
  { type: 'payment', event: /^payment\.(callback|returnResult|returnTimedOut)$/, permission: 'provider' },
  // What the provider says of money by itself; it credits, and is asked of nobody.
  { type: 'payment', event: /^payment\.(namePayer|confirmReceived)$/, permission: 'system' },
  { type: 'notification', event: /^notification\.report$/, permission: 'provider' },
  // Shows credentials once; that right is the payer's.
  { type: 'hotspot-session', event: /^session\.revealCredentials$/, permission: 'provider' },
  { type: 'hotspot-session', event: /^session\.account$/, permission: 'provider' },
  // Says that what paid for it went back; staff who only end an access have `session.close`.
  { type: 'hotspot-session', event: /^session\.revoke$/, permission: 'money' },
  { type: 'payment', event: /^payment\.(approve|reject|refund|refuse|settle|assign|part)/, permission: 'money' },
  { type: 'reconciliation', event: /./, permission: 'money' },
  // Money comes by payments, which know where it came from.
  { type: 'subscription', event: /^subscription\.(pay|revokePayment)$/, permission: 'provider' },
  // These name a price or give time away; a change of package by the price list has a call of its own.
  { type: 'subscription', event: /^subscription\.(charge|changePackage|changeExpiry)$/, permission: 'money' },
  // By hand that would give the access to whom it names; by code it is anybody's who has one.
  { type: 'voucher', event: /^voucher\.redeem$/, permission: 'provider' },
  { type: 'voucher', event: /./, permission: 'money' },
  { type: 'voucher-batch', event: /./, permission: 'money' },
  { type: 'approval', event: /./, permission: 'money' },
  { type: 'router', event: /./, permission: 'hardware' },
]

export function permissionToSend(type: string, event: string): Permission {
  return SEND_RULES.find((rule) => (rule.type === undefined || rule.type === type) && rule.event.test(event))?.permission ?? 'send'
}

/** Types whose creation already acts on the network, on money or on secrets need more than the permission to create. */
const CREATE_PERMISSIONS: Readonly<Record<string, Permission>> = {
  router: 'hardware',
  // Names its own price; the public call takes that from the price list.
  payment: 'money',
  reconciliation: 'money',
  subscription: 'money',
  // Access that nobody paid for.
  'hotspot-session': 'money',
  // Its code and what it gives are its batch's.
  voucher: 'system',
  'voucher-batch': 'money',
  // Names who asks and what it is worth: only the edge may say that.
  approval: 'system',
  // Tells credentials to whatever phone it names.
  notification: 'provider',
}

export function permissionToCreate(type: string): Permission {
  return CREATE_PERMISSIONS[type] ?? 'create'
}
