/** Reads the provider's list, and finds whose the money is that nobody told us of. */
import { startOfDay } from '../../machines/calendar.ts'
import type { FoundMoney, Pulled, PullRequest } from '../../machines/reconciliation/events.ts'
import { defineEffect, type EffectDefinition } from '../../runtime/index.ts'
import { toEffectError } from '../gateways/errors.ts'
import type { MpesaGateway, PulledTransaction } from '../gateways/mpesa/port.ts'
import { incompleteOf } from '../payment/identifiers.ts'
import { findDestination, type Directory, type ReceiptIds } from '../payment/received-money.ts'
import type { MatchParts, PulledRow } from './matching.ts'

export interface PullParts extends MatchParts {
  mpesa: MpesaGateway
  directory: Directory
  receiptIds: ReceiptIds
  /** The provider's time, which nobody moves. */
  providerNow: () => number
}

const HOUR_MS = 60 * 60_000
/** Daraja looks back no further (protocols: M-Pesa, pull). */
const WINDOW_MS = 48 * HOUR_MS
/** A transaction may be listed later than it happened. */
const OVERLAP_MS = HOUR_MS
/** R9: what one result may hold. */
const CHUNK = 200

export function pullMoney({ mpesa, directory, receiptIds, providerNow, statements, timeZone }: PullParts): EffectDefinition {
  return defineEffect<PullRequest, Pulled>({
    lane: 'reconciliation',
    timeoutMs: 120_000,
    async run({ pulledUntil }, { address: { tenant, type, id }, at, signal }) {
      const toMs = providerNow()
      const fromMs = Math.max(toMs - WINDOW_MS, (pulledUntil ?? 0) - OVERLAP_MS)
      const rows = await mpesa.pullTransactions({ fromMs, toMs }, { signal }).catch((error: unknown) => {
        throw toEffectError(error)
      })
      const unread = rows.map((row) => ({ row, at: row.at === null ? toMs : Date.parse(row.at) })).sort((a, b) => a.at - b.at)
      // All of it, known or not, before anything is told: what the list says is matched with the ledger (N3). It covers what is listed late, too.
      const coveredMs = toMs - OVERLAP_MS
      await statements.addPulled(tenant, unread.flatMap(toStatementRow), { from: fromMs, to: coveredMs, at, by: `actor:${type}/${id}` })
      const untold = await withoutKnown(directory, tenant, unread)
      // All that we know of already may be listed at once: only what is new takes work.
      const chunk = untold.slice(0, CHUNK)
      const last = chunk.at(-1)
      const hasMore = untold.length > CHUNK
      const found: FoundMoney[] = []
      for (const { row } of chunk) found.push(...(await lookUp(directory, receiptIds, tenant, row)))
      return { pulledUntil: hasMore && last !== undefined ? last.at + OVERLAP_MS : toMs, listed: rows.length, found, hasMore, coveredUntil: startOfDay(coveredMs, timeZone) }
    },
  })
}

interface Unread {
  row: PulledTransaction
  at: number
}

function toStatementRow({ row: { receipt, amount, currency, accountReference }, at }: Unread): PulledRow[] {
  return amount === 0 ? [] : [{ receipt, kind: 'paid-in', amount, currency, at: new Date(at).toISOString(), accountReference, details: null }]
}

async function withoutKnown(directory: Directory, tenant: string, rows: readonly Unread[]): Promise<Unread[]> {
  const named = new Set<string>()
  for (let start = 0; start < rows.length; start += CHUNK) {
    const values = rows.slice(start, start + CHUNK).flatMap(({ row }) => [row.receipt, incompleteOf(row.receipt)])
    const hits = await directory.search({ tenant, values, limit: values.length * 4 })
    for (const { identifier, address } of hits) if (address.type === 'payment' && (identifier.kind === 'receipt' || identifier.kind === 'incomplete')) named.add(identifier.value)
  }
  return rows.filter(({ row }) => !named.has(row.receipt) || named.has(incompleteOf(row.receipt)))
}

async function lookUp(directory: Directory, receiptIds: ReceiptIds, tenant: string, { receipt, amount, currency, at, accountReference, phone }: PulledTransaction): Promise<FoundMoney[]> {
  const money = { source: 'pull' as const, receipt, amount, currency, at, accountReference, phone, payer: { hash: null, masked: null, name: null } }
  const destination = await findDestination(directory, receiptIds, tenant, money)
  const common = { receipt, amount, currency, paymentId: destination.paymentId }
  if (destination.kind === 'known') return []
  return [destination.kind === 'new' ? { ...common, input: destination.input } : { ...common, event: destination.event }]
}
