/** A package of the price list as what a subscription agrees on. */
import { z } from 'zod'
import { subscriptionPlan, type SubscriptionPlan } from '../../machines/plan.ts'
import { Problem } from '../http/problem.ts'
import type { PackageCatalogue } from '../ports/package-catalogue.ts'

/** @throws Problem `package-unknown` when no subscription package of this id is on sale */
export async function planOf(catalogue: PackageCatalogue, tenant: string, packageId: string): Promise<SubscriptionPlan> {
  const found = await catalogue.get(tenant, packageId)
  if (found?.kind !== 'subscription' || found.archivedAt !== null) {
    throw new Problem('package-unknown', undefined, { errors: [{ pointer: '/package_id', detail: 'is not on sale as a subscription' }] })
  }
  const names = Object.keys(subscriptionPlan.shape)
  return z.parse(subscriptionPlan, Object.fromEntries(Object.entries(found).filter(([name]) => names.includes(name))))
}
