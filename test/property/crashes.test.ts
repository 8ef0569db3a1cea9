/** R1, R3, R5, R6, R10: crashes before and after every I/O boundary change nothing that anybody can see afterwards. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { compareKeys, senderOf } from '../support/faults/order.ts'
import { BUS_FAULTS, EFFECT_FAULTS } from '../support/faults/plan.ts'
import type { Fault, StoreFault } from '../support/faults/plan.ts'
import { faults } from './faults.ts'
import { FOUND, RICH } from './found.ts'
import { commands, systems } from './machines/arbitrary.ts'
import { check, TIMEOUT_MS } from './runs.ts'
import { calmRun, run } from './scenario.ts'
import type { Ran, Scenario } from './scenario.ts'

async function expectSame(scenario: Scenario, undisturbed: Ran): Promise<void> {
  expect(undisturbed.outcome).toMatchObject({ leftover: [], zombies: [] })
  const disturbed = await run(scenario, { within: undisturbed.calls })
  expect(disturbed.outcome).toEqual(undisturbed.outcome)
  // Facts of one actor appear in its order, whatever was published again in between.
  for (const actor of new Set(disturbed.published.map(senderOf))) {
    const facts = disturbed.published.filter((key) => senderOf(key) === actor)
    expect(facts).toEqual([...facts].sort(compareKeys))
  }
}

describe('a run with crashes', () => {
  it(
    'ends as the run without them does',
    async () => {
      const property = fc.asyncProperty(systems(), commands, faults(6), async (system, list, plan) => {
        const undisturbed = await calmRun(system, list)
        fc.pre(undisturbed !== undefined)
        await expectSame({ system, commands: list, faults: plan }, undisturbed)
      })
      await check(property, 100)
    },
    TIMEOUT_MS,
  )

  it.each(Object.entries(FOUND))('goes well where once %s', async (_what, scenario) => {
    await expectSame(scenario, await run({ ...scenario, faults: [] }))
  })

  it('may end at each and every boundary', async () => {
    const undisturbed = await run(RICH)
    const { store, bus, effect } = undisturbed.calls
    expect(Math.min(store, bus, effect)).toBeGreaterThan(3)
    const boundaries: StoreFault[] = ['crash-before', 'crash-after', 'unavailable-after']
    const all: Fault[] = [
      ...upTo(store).flatMap((at) => boundaries.map((fault) => ({ site: 'store' as const, at, fault }))),
      ...upTo(bus).flatMap((at) => BUS_FAULTS.map((fault) => ({ site: 'bus' as const, at, fault }))),
      ...upTo(effect).flatMap((at) => EFFECT_FAULTS.map((fault) => ({ site: 'effect' as const, at, fault }))),
    ]
    for (const fault of all) {
      const { outcome } = await run({ ...RICH, faults: [fault] })
      expect(outcome, JSON.stringify(fault)).toEqual(undisturbed.outcome)
    }
  }, TIMEOUT_MS)
})

function upTo(count: number): number[] {
  return Array.from({ length: count }, (_one, i) => i)
}
