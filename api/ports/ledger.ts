/** The ledger, for reading: it is written by projections alone. */
export interface LedgerBalance {
  account: string
  currency: string
  /** Minor units: debits less credits. */
  amount: number
}

export interface LedgerLine {
  /** Grows with each line that is stored. */
  position: number
  ref: string
  line: number
  account: string
  amount: number
  currency: string
  at: number
  description: string
  actor: { type: string; id: string }
  receipt: string | null
}

export interface Ledger {
  /** By account, then currency. */
  balances(tenant: string, query: { limit: number; afterAccount: string | undefined }): Promise<LedgerBalance[]>
  /** Oldest first. */
  lines(tenant: string, query: { account: string | undefined; since: number | undefined; limit: number; afterPosition: number | undefined }): Promise<LedgerLine[]>
}
