import type { Store } from '../../../runtime/ports/store.ts'

export interface StoreUnderTest {
  store: Store
  /** All rows of a table that projections write, without what the database adds, in any order. */
  rowsOf(table: string): Promise<Record<string, unknown>[]>
  /** Empties everything. */
  clear(): Promise<void>
  dispose(): Promise<void>
}

/** Gives the store of the running suite; there is none before its hooks have run. */
export type Subject = () => StoreUnderTest
