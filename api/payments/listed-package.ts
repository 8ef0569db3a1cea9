/**
 * What a payment that people record by hand sells: duration, speed, devices and price are the price list's, whatever the caller wrote.
 *
 * Over the counter and by prompt a package is sold at its price: another amount is refused before anything is recorded, and whoever stands
 * at the counter gives change or asks for the rest. Money that has come already (`c2b`) is recorded as it came, and sells what it suffices for:
 * less is recorded without a purpose and then assigned, which is weighed (docs/adr/0020). Whatever is paid for a subscription is recorded as it
 * came, too: parts gather there, and more than the price stays credit.
 */
import { z } from 'zod'
import type { Runtime } from '../../runtime/index.ts'
import { Problem } from '../http/problem.ts'
import type { Packages } from '../ports/packages.ts'
import { snapshotOf } from './event-teller.ts'

export interface InputTellerDeps {
  packages: Pick<Packages, 'find'>
  runtime: Pick<Runtime, 'get'>
}

/** Only what is looked at; all else is for the schema of the input. */
const sale = z.looseObject({
  method: z.string().default('stk'),
  purpose: z.looseObject({ kind: z.literal('hotspot') }).optional(),
  package: z.looseObject({ id: z.string().max(64) }),
  amount: z.unknown(),
  currency: z.unknown(),
})
const sold = z.looseObject({ package: z.looseObject({ id: z.string() }) })

/**
 * The input of an actor that people make, of which a payment's package is the one on sale now, or the one that was sold when the same request came first.
 * @throws Problem `package-unknown`; `invalid-input` where the amount is not the price, or less than that.
 */
export async function withListedPackage({ packages, runtime }: InputTellerDeps, to: { tenant: string; type: string; id: string | undefined }, input: unknown): Promise<unknown> {
  const read = to.type === 'payment' ? sale.safeParse(input) : undefined
  if (read?.success !== true) return input
  const { method, package: named, amount, currency } = read.data
  const before = to.id === undefined ? undefined : await runtime.get({ tenant: to.tenant, type: to.type, id: to.id })
  const bought = sold.safeParse(before?.context).data?.package
  // A repetition is answered as the first was, also after a change of the price list.
  if (bought?.id === named.id) return { ...read.data, package: bought }
  const found = await packages.find(to.tenant, named.id)
  if (found === undefined) throw new Problem('package-unknown', undefined, { errors: [{ pointer: '/input/package/id', detail: 'is not on sale' }] })
  const isPrice = method === 'c2b' ? Number(amount) >= found.amount : amount === found.amount
  if (typeof amount === 'number' && (!isPrice || currency !== found.currency)) {
    throw new Problem('invalid-input', 'A package is sold at its price.', { errors: [{ pointer: '/input/amount', detail: `is not the price, ${found.amount} in minor units of ${found.currency}` }] })
  }
  return { ...read.data, package: snapshotOf(found) }
}
