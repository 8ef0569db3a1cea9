/** The same over Postgres: its transactions must be what the memory store pretends to be. */
import { afterEach, describe, expect, it } from 'vitest'
import { postgresStore } from '../../db/index.ts'
import type { Store } from '../../runtime/ports/store.ts'
import type { Fault } from '../support/faults/plan.ts'
import { realTurns } from '../support/faults/turns.ts'
import { createTestDatabase, type TestDatabase } from '../support/template-database.ts'
import { FOUND, RICH } from './found.ts'
import { TIMEOUT_MS } from './runs.ts'
import { run } from './scenario.ts'
import type { Scenario } from './scenario.ts'

const opened: { store: Store; database: TestDatabase }[] = []

/** A database of its own for each run: what is in the journal stays there. */
async function freshStore(): Promise<Store> {
  const database = await createTestDatabase()
  const store = postgresStore({ url: database.url })
  opened.push({ store, database })
  return store
}

afterEach(async () => {
  for (const { store, database } of opened.splice(0)) {
    await store.stop()
    await database.drop()
  }
})

const CRASHES: Fault[] = [
  { site: 'store', at: 9, fault: 'crash-after' },
  { site: 'store', at: 25, fault: 'unavailable-after' },
  { site: 'bus', at: 1, fault: 'ack-lost' },
  { site: 'effect', at: 1, fault: 'crash-after' },
  { site: 'store', at: 70, fault: 'crash-before' },
]

describe('a run with crashes over Postgres', () => {
  const scenarios: [string, Scenario][] = [['everything happens', { ...RICH, faults: CRASHES }], ...Object.entries(FOUND)]

  it.each(scenarios)(
    'ends as the run without them does where %s',
    async (_what, scenario) => {
      const over = { store: freshStore, turns: realTurns }
      const undisturbed = await run({ ...scenario, faults: [] }, over)
      expect(undisturbed.outcome).toMatchObject({ leftover: [], zombies: [] })
      const disturbed = await run(scenario, { ...over, within: undisturbed.calls })
      expect(disturbed.outcome).toEqual(undisturbed.outcome)
    },
    TIMEOUT_MS,
  )
})
