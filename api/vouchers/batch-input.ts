/** What a batch of vouchers is made from, as it is asked for: by the name of a package, at its price of today. */
import type { z } from 'zod'
import type { VoucherBatchInput } from '../../machines/voucher-batch/events.ts'
import { Problem } from '../http/problem.ts'
import { snapshotOf } from '../payments/event-teller.ts'
import type { Packages } from '../ports/packages.ts'
import type { batchBody } from '../schemas/voucher.ts'

export interface BatchParts {
  packages: Pick<Packages, 'find'>
  now: () => number
}

/** `before`: what it was made from when the same request came first. @throws Problem `invalid-input`, `package-unknown` */
export async function batchInputOf({ packages, now }: BatchParts, tenant: string, { name, package_id: packageId, count, expires_at: end }: z.output<typeof batchBody>, before?: VoucherBatchInput): Promise<VoucherBatchInput> {
  const expiresAt = Date.parse(end)
  if (before?.package.id === packageId) return { name, package: before.package, count, expiresAt }
  // Printed and sold, none of them would work.
  if (expiresAt <= now()) throw new Problem('invalid-input', undefined, { errors: [{ pointer: '/expires_at', detail: 'must be still to come' }] })
  const offer = await packages.find(tenant, packageId)
  if (offer === undefined) throw new Problem('package-unknown', undefined, { errors: [{ pointer: '/package_id', detail: 'is not on sale' }] })
  return { name, package: snapshotOf(offer), count, expiresAt }
}
