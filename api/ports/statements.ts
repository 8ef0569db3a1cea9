/** The provider's statement against our ledger. */
export interface StatementEntry {
  receipt: string
  kind: 'paid-in' | 'withdrawn' | 'charge'
  /** Minor units; negative for what left. */
  amount: number
  currency: string
  /** RFC 3339. */
  at: string
  accountReference: string | null
  details: string | null
}

export interface UnexplainedQuery {
  from: number | undefined
  to: number | undefined
  /** How long a period is of which one end is not said, or neither: then it is the last that the statements cover. */
  periodMs: number
  /** Rows of each side. */
  limit: number
  after?: UnexplainedAfter | undefined
}

/** The last row of each side on the page before; null: its first is still to come. */
export interface UnexplainedAfter {
  provider: { at: number; receipt: string; currency: string } | null
  ours: number | null
}

export interface Unexplained {
  /** The time that is compared. Null: there is no statement. */
  period: { from: number; to: number } | null
  /** All that the statements cover, from their first moment to their last. */
  covered: { from: number; to: number } | null
  /** On the statement, and not so in the ledger. */
  provider: { receipt: string; amount: number; currency: string; at: number; accountReference: string | null; details: string | null; ledgerAmount: number | null }[]
  /** In the ledger, and not on the statement. */
  ours: { position: number; receipt: string | null; amount: number; currency: string; at: number; description: string; actor: { type: string; id: string } }[]
  hasMore: boolean
}

/** A statement whose days are to be matched. */
export interface ImportedStatement {
  id: string
  tenant: string
  /** The time of its rows, the end not included. */
  from: number
  until: number
}

export interface Statements {
  /** What is there already is left as it is; the days are to be matched all the same. Resolves with how many were new. */
  add(tenant: string, entries: readonly StatementEntry[], by: { source: string; by: string; at: number }): Promise<{ added: number }>
  /** Oldest first. */
  imported(limit: number): Promise<ImportedStatement[]>
  /** Its match was asked for. */
  forgetImported(id: string): Promise<unknown>
  unexplained(tenant: string, query: UnexplainedQuery): Promise<Unexplained>
}
