/** Home connections, each brought to where it shall stand by what customers and staff can do. Every call has a key of its own and comes out the same when it is made again. */
import { createHash } from 'node:crypto'
import type { DarajaControl } from '../daraja/control.ts'
import type { SystemClient } from '../system-client.ts'
import type { Household } from './people.ts'

const DAY_MS = 86_400_000

/** Without M-Pesa's stand-in nobody can pay by hand. */
export async function settleHousehold({ id, name, phone, package: packageId, standing }: Household, system: SystemClient, paybill: DarajaControl | undefined, prices: ReadonlyMap<string, number>): Promise<void> {
  const made = await system.must<{ createdAt: string; context: { accountNumber: string } }>('/api/v1/subscriptions', { body: { id, name, phone, package_id: packageId }, key: id })
  const madeAt = Date.parse(made.createdAt)
  const tell = (type: string, more: object) => system.send('subscription', id, { type, ...more }, `${id}-${type}`)

  if (standing.kind === 'pending' || paybill === undefined) return
  // What was confirmed before a crash is confirmed again: one receipt is one payment.
  await paybill.pay({ phone, account: made.context.accountNumber, amount: (prices.get(packageId) ?? 0) / 100, receipt: receiptOf(made.context.accountNumber) })
  await system.until('subscription', id, ({ context }) => (context['payments'] as unknown[]).length > 0)

  switch (standing.kind) {
    case 'active':
      await tell('subscription.changeExpiry', { expiresAt: at(madeAt + standing.daysLeft * DAY_MS), reason: 'began before our time' })
      if (standing.change !== undefined) await system.must(`/api/v1/subscriptions/${id}/package`, { body: { package_id: standing.change }, key: `${id}-package` })
      break
    case 'blocked':
      await tell('subscription.suspend', { block: standing.block, reason: standing.reason })
      break
    case 'grace':
    case 'suspended':
      // The paid time is over; how it goes on is up to the package.
      await tell('subscription.changeExpiry', { expiresAt: at(madeAt), reason: 'paid until now by an old receipt' })
      break
    case 'terminated':
      await tell('subscription.terminate', { reason: standing.reason })
  }
}

function at(moment: number): string {
  return new Date(moment).toISOString()
}

/** Ten letters and digits, of this account alone. */
function receiptOf(account: string): string {
  return `T${createHash('sha256').update(`town ${account}`).digest('hex').slice(0, 9).toUpperCase()}`
}
