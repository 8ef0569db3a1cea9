/** Reconciliations that an earlier version has stored go on where they were (R12). */
import { expect, it } from 'vitest'
import { reconciliationMigrations } from '../../../actors/reconciliation/migrations.ts'

it('a reconciliation of version 1 has matched no day yet, and is brought through all versions at once', () => {
  const migration = reconciliationMigrations.find(({ from }) => from === '1')
  const stored = { value: 'waiting', context: { pulledUntil: 5, pulls: 2 }, history: {} }
  expect(migration?.migrate(stored)).toMatchObject({ value: 'waiting', context: { pulledUntil: 5, pulls: 2, coveredUntil: null, matchedUntil: null, unexplained: [], looking: 'hourly', asked: [] } })
})

it('a reconciliation of version 2 goes on looking, but where it was refused', () => {
  const migration = reconciliationMigrations.find(({ from }) => from === '2')
  const of = (value: string) => migration?.migrate({ value, context: { pulls: 2 }, history: {} })
  expect(of('waiting')).toMatchObject({ value: 'waiting', context: { pulls: 2, looking: 'hourly', asked: [] } })
  expect(of('idle')).toMatchObject({ value: 'idle', context: { pulls: 2, looking: 'refused', asked: [] } })
})

it('a reconciliation of version 3 stays where it is', () => {
  const stored = { value: 'troubled', context: { looking: 'hourly', asked: [] }, history: {} }
  expect(reconciliationMigrations.find(({ from }) => from === '3')?.migrate(stored)).toEqual({ value: 'troubled', context: { looking: 'hourly', asked: [] } })
})
