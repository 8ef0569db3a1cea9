/** What a subscription is to be paid, when the payer names no amount: its plan, and what is owed, less what is there already. */
import { z } from 'zod'
import type { ActorView, Address, Runtime } from '../../runtime/index.ts'

const MINOR_UNITS_PER_SHILLING = 100

const payable = z.object({
  plan: z.object({ amount: z.int().positive(), currency: z.string() }),
  credit: z.int().default(0),
  debts: z.array(z.object({ amount: z.int() })).default([]),
})

export interface Due {
  /** Minor units, of whole shillings. */
  amount: number
  currency: string
}

/** One that is over goes on taking money, for a person to give back: nobody shall be asked for more. */
export function isPayable({ status, tags }: Pick<ActorView, 'status' | 'tags'>): boolean {
  return status === 'active' && !tags.includes('settled')
}

/** Undefined for one that does not exist or is over. */
export async function findDue(runtime: Pick<Runtime, 'definition' | 'get'>, address: Address): Promise<Due | undefined> {
  // An id in another form is nobody's.
  if (runtime.definition(address.type) === undefined || !/^[A-Za-z0-9_-]{1,64}$/.test(address.id)) return undefined
  const view = await runtime.get(address)
  if (view === undefined || !isPayable(view)) return undefined
  const { plan, credit, debts } = payable.parse(view.context)
  const owed = debts.reduce((sum, debt) => sum + debt.amount, plan.amount - credit)
  // M-Pesa takes whole shillings; with credit enough one still pays something, and it is kept as credit.
  const shillings = Math.max(1, Math.ceil(owed / MINOR_UNITS_PER_SHILLING))
  return { amount: owed <= 0 ? plan.amount : shillings * MINOR_UNITS_PER_SHILLING, currency: plan.currency }
}
