/** R1, R3, R5, R6, R10: crashes before and after every I/O boundary change nothing that anybody can see afterwards. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { faults } from './faults.ts'
import { commands, systems } from './machines/arbitrary.ts'
import { check, TIMEOUT_MS } from './runs.ts'
import { calmRun, run } from './scenario.ts'

describe('a run with crashes', () => {
  it(
    'ends as the run without them does',
    async () => {
      await check(
        fc.asyncProperty(systems(), commands, faults(6), async (system, list, plan) => {
          const undisturbed = await calmRun(system, list)
          fc.pre(undisturbed !== undefined)
          expect(undisturbed.outcome).toMatchObject({ leftover: [], zombies: [] })
          const disturbed = await run({ system, commands: list, faults: plan }, { within: undisturbed.calls })
          expect(disturbed.outcome).toEqual(undisturbed.outcome)
        }),
        100,
      )
    },
    TIMEOUT_MS,
  )
})
