/**
 * What a payment that people record by hand sells: duration, speed, devices and price are the price list's, whatever the caller wrote.
 *
 * Over the counter and by prompt a package is sold at its price: another amount is refused before anything is recorded, and whoever stands
 * at the counter gives change or asks for the rest. Money that has come already (`c2b`) is recorded as it came, and sells what it suffices for:
 * less is recorded without a purpose and then assigned. All of it is weighed (docs/adr/0020): only the caller knows that it came. Whatever is paid for a subscription is recorded as it
 * came, too: parts gather there, and more than the price stays credit. But there must be such a subscription, which counts in that currency: a
 * payment is completed and in the books before anybody is asked whether its money could be used.
 */
import { z } from 'zod'
import type { Runtime } from '../../runtime/index.ts'
import type { SecondKey } from '../approvals/second-key.ts'
import { isWeighedNew } from '../approvals/worth.ts'
import { Problem } from '../http/problem.ts'
import type { Packages } from '../ports/packages.ts'
import { madeFrom } from '../repetition.ts'
import { snapshotOf } from './event-teller.ts'
import { findDue } from './subscription-due.ts'

export interface InputTellerDeps {
  packages: Pick<Packages, 'find'>
  runtime: Pick<Runtime, 'definition' | 'get' | 'saidBefore'>
  gate: SecondKey
}

export interface ActorToMake {
  tenant: string
  type: string
  id: string | undefined
  /** Under which the same request may have come before. */
  eventId: string | undefined
  input: unknown
}

/**
 * The input of an actor that people make: as they gave it, but for a payment's package, which is the one on sale now, or the one that was sold
 * when the same request came first. @throws Problem `second-key-needed`; `package-unknown`; `subscription-unknown`; `invalid-input` where the amount
 * is not the price, or less than that, or of another currency.
 */
export async function admittedInput({ packages, runtime, gate }: InputTellerDeps, { tenant, type, id, eventId, input }: ActorToMake): Promise<unknown> {
  if (!isWeighedNew(type)) return input
  const before = id === undefined ? undefined : await madeFrom(runtime, { tenant, type, id }, eventId)
  const admitted = type === 'payment' ? await admittedPayment({ packages, runtime }, { tenant, input, before, at: '/input' }) : input
  // What is refused anyway needs no second key.
  if (before === undefined) await gate.demandOneSufficesFor(tenant, type, admitted)
  return admitted
}

export interface PaymentToMake {
  tenant: string
  input: unknown
  /** What it was made from when the same request came first. */
  before: unknown
  /** Where the input stands in the request. */
  at: string
}

/** The input of a payment, weighed by nobody yet. @throws Problem as {@link admittedInput}, but for the second key */
export async function admittedPayment({ packages, runtime }: Omit<InputTellerDeps, 'gate'>, { tenant, input, before, at }: PaymentToMake): Promise<unknown> {
  if (before === undefined) {
    demandOwnWord(input, at)
    await demandPayable(runtime, tenant, input, at)
  }
  return withListedPackage(packages, { tenant, input, before, at })
}

const ofCallback = z.looseObject({ received: z.looseObject({ source: z.literal('callback') }) })

/** That a callback told of money only a callback says: such money may be rejected as never come, and its receipt has any form. */
function demandOwnWord(input: unknown, at: string): void {
  if (ofCallback.safeParse(input).success) throw new Problem('invalid-input', undefined, { errors: [{ pointer: `${at}/received/source`, detail: 'is for callbacks to say: `c2b` is what came to the paybill, `pull` what the list shows' }] })
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
const dues = z.looseObject({ purpose: z.looseObject({ kind: z.literal('subscription'), subscriptionId: z.string() }), currency: z.unknown() })

async function demandPayable(runtime: InputTellerDeps['runtime'], tenant: string, input: unknown, at: string): Promise<void> {
  const read = dues.safeParse(input)
  if (!read.success) return
  const { purpose, currency } = read.data
  const due = await findDue(runtime, { tenant, type: 'subscription', id: purpose.subscriptionId })
  if (due === undefined) throw new Problem('subscription-unknown', undefined, { errors: [{ pointer: `${at}/purpose/subscriptionId`, detail: 'names no subscription that can be paid for; record it without a purpose and assign it' }] })
  if (typeof currency === 'string' && currency !== due.currency) throw new Problem('invalid-input', undefined, { errors: [{ pointer: `${at}/currency`, detail: `is not that of the subscription, ${due.currency}` }] })
}

async function withListedPackage(packages: InputTellerDeps['packages'], { tenant, input, before, at }: PaymentToMake): Promise<unknown> {
  const read = sale.safeParse(input)
  if (!read.success) return input
  const { method, package: named, amount, currency } = read.data
  const bought = sold.safeParse(before).data?.package
  if (bought?.id === named.id) return { ...read.data, package: bought }
  const found = await packages.find(tenant, named.id)
  if (found === undefined) throw new Problem('package-unknown', undefined, { errors: [{ pointer: `${at}/package/id`, detail: 'is not on sale' }] })
  const isPrice = method === 'c2b' ? Number(amount) >= found.amount : amount === found.amount
  if (typeof amount === 'number' && (!isPrice || currency !== found.currency)) {
    throw new Problem('invalid-input', 'A package is sold at its price.', { errors: [{ pointer: `${at}/amount`, detail: `is not the price, ${found.amount} in minor units of ${found.currency}` }] })
  }
  return { ...read.data, package: snapshotOf(found) }
}
