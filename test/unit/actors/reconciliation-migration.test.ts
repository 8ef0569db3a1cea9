/** Reconciliations that an earlier version has stored go on where they were (R12). */
import { expect, it } from 'vitest'
import { reconciliationMigrations } from '../../../actors/reconciliation/migrations.ts'

it('a reconciliation of version 1 has matched no day yet', () => {
  const migration = reconciliationMigrations.find(({ from }) => from === '1')
  const stored = { value: 'waiting', context: { pulledUntil: 5, pulls: 2 }, history: {} }
  expect(migration?.migrate(stored)).toEqual({ value: 'waiting', context: { pulledUntil: 5, pulls: 2, coveredUntil: null, matchedUntil: null, unexplained: [] } })
})
