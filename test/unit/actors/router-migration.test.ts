/** Routers that an earlier version has stored go on where they were (R12). */
import { expect, it } from 'vitest'
import { routerMigrations } from '../../../actors/router/migrations.ts'

it('a router of version 1 asks RADIUS, as it did', () => {
  const migration = routerMigrations.find(({ from }) => from === '1')
  const stored = { value: { online: 'watching' }, context: { id: 'rtr_1', name: 'Market' }, history: {} }
  expect(migration?.migrate(stored)).toEqual({ value: { online: 'watching' }, context: { id: 'rtr_1', name: 'Market', provisioning: 'radius', users: null } })
})
