/**
 * One way to write into the ledger: an entry whose lines sum to zero, in the commit of the step that it tells of (R1).
 *
 * Accounts are plain text: `mpesa` (asset: money at the provider), `cash`, `customer:<subscription id>` (liability: the customer's
 * credit), `revenue:hotspot`, `revenue:subscription`, `unmatched` (money that nobody knows the purpose of), `refunds:pending` (money
 * that is on its way back), `fees`. A positive amount is a debit, a negative one a credit.
 */
import type { Change, RowSet } from '../../runtime/index.ts'

export interface LedgerLine {
  account: string
  /** Integer minor units: positive debit, negative credit. */
  amount: number
}

export interface LedgerEntry {
  /** Which entry of the step this is, such as 1: its full name is `<tenant>/<type>/<id>/<seq>/<ref>`. */
  ref: string | number
  description: string
  lines: readonly LedgerLine[]
  currency: string
  /** The provider's receipt of money that moved, by which a statement is matched. */
  receipt?: string | null
}

/** @throws RangeError for lines that do not sum to zero: a mistake of ours, which must not be stored */
export function ledgerEntry({ address, seq, at }: Change, { ref, description, lines, currency, receipt = null }: LedgerEntry): RowSet {
  const posted = lines.filter(({ amount }) => amount !== 0)
  const sum = posted.reduce((total, { amount }) => total + amount, 0)
  if (!posted.every(({ amount }) => Number.isSafeInteger(amount)) || sum !== 0) {
    throw new RangeError(`the ledger entry '${description}' does not balance: ${posted.map(({ account, amount }) => `${account} ${amount}`).join(', ')}`)
  }
  const { tenant, type, id } = address
  const key = { entry_ref: `${tenant}/${type}/${id}/${seq}/${ref}` }
  const moment = new Date(at).toISOString()
  return {
    table: 'business.ledger_entries',
    key,
    rows: posted.map(({ account, amount }, index) => ({
      ...key,
      tenant,
      line: index + 1,
      account,
      amount_minor: amount,
      currency,
      at: moment,
      description,
      actor_type: type,
      actor_id: id,
      receipt,
    })),
  }
}

/** Moves an amount from one account to another: credits the one, debits the other. */
export function transfer(from: string, to: string, amount: number): LedgerLine[] {
  return [
    { account: to, amount },
    { account: from, amount: -amount },
  ]
}
