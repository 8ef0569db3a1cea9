/** Whom stored web hooks are about now, and what they are told: by the identifier in each, else by the actor that its address names. */
import type { Address, EventObject, Runtime } from '../../runtime/index.ts'
import { receiptIn, withReceiptUse, type ReceiptUses } from '../payments/receipt-use.ts'
import type { Receipts } from '../ports/receipts.ts'
import type { About } from './handler.ts'

export interface Addressed {
  about: About
  event: EventObject
}

export interface Resolved {
  /** Undefined: nobody is known by the identifier. */
  to: Address | undefined
  /** Says whose the receipt in it is, if it is another payment's. */
  event: EventObject
}

export interface ResolveDeps {
  runtime: Pick<Runtime, 'search'>
  receipts: Receipts
  /** Whose actors the hooks are about. */
  tenant: string
}

/** In the order in which they were given. */
export async function resolveHooks({ runtime, receipts, tenant }: ResolveDeps, addressed: readonly Addressed[]): Promise<Resolved[]> {
  const [found, uses] = await Promise.all([findActors(), findReceipts()])
  return addressed.map(({ about, event }) => {
    const id = found.get(keyOf(about)) ?? about.orId
    if (id === undefined) return { to: undefined, event }
    return { to: { tenant, type: about.type, id }, event: withReceiptUse(event, id, receiptIn(about.type, event), uses) }
  })

  async function findActors(): Promise<Map<string, string>> {
    if (addressed.length === 0) return new Map()
    const values = [...new Set(addressed.map(({ about }) => about.value))]
    const hits = await runtime.search({ tenant, values, limit: values.length * 4 })
    return new Map(hits.map(({ identifier, address }) => [keyOf({ type: address.type, identifier: identifier.kind, value: identifier.value }), address.id]))
  }

  async function findReceipts(): Promise<ReceiptUses> {
    const named = new Set(addressed.map(({ about, event }) => receiptIn(about.type, event)).filter((receipt) => receipt !== undefined))
    return named.size === 0 ? new Map<string, string>() : receipts.creditedTo(tenant, [...named])
  }
}

function keyOf(about: { type: string; identifier: string; value: string }): string {
  return `${about.type}/${about.identifier}/${about.value}`
}
