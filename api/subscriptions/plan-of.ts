/** A package of the price list as what a subscription agrees on. */
import { z } from 'zod'
import { subscriptionPlan, type SubscriptionPlan } from '../../machines/plan.ts'
import { Problem } from '../http/problem.ts'
import type { PackageCatalogue } from '../ports/package-catalogue.ts'

/** @throws Problem `package-unknown` when no subscription package of this id is on sale */
export async function planOf(catalogue: Plans, tenant: string, packageId: string): Promise<SubscriptionPlan> {
  const plan = await listedPlan(catalogue, tenant, packageId)
  if (plan === undefined) throw new Problem('package-unknown', undefined, { errors: [{ pointer: '/package_id', detail: 'is not on sale as a subscription' }] })
  return plan
}

export type Plans = Pick<PackageCatalogue, 'get'>

/** What is on sale as a subscription under this id. */
export async function listedPlan(catalogue: Plans, tenant: string, packageId: string): Promise<SubscriptionPlan | undefined> {
  const found = await catalogue.get(tenant, packageId)
  if (found?.kind !== 'subscription' || found.archivedAt !== null) return undefined
  const names = Object.keys(subscriptionPlan.shape)
  return z.parse(subscriptionPlan, Object.fromEntries(Object.entries(found).filter(([name]) => names.includes(name))))
}
