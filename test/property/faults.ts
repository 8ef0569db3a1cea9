/** Arbitrary things that go wrong. */
import fc from 'fast-check'
import { BUS_FAULTS, EFFECT_FAULTS, STORE_FAULTS } from '../support/faults/plan.ts'
import type { Fault } from '../support/faults/plan.ts'

const at = fc.nat({ max: 999 })

const fault: fc.Arbitrary<Fault> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ site: fc.constant('store' as const), at, fault: fc.constantFrom(...STORE_FAULTS) }) },
  { weight: 2, arbitrary: fc.record({ site: fc.constant('bus' as const), at, fault: fc.constantFrom(...BUS_FAULTS) }) },
  { weight: 2, arbitrary: fc.record({ site: fc.constant('effect' as const), at, fault: fc.constantFrom(...EFFECT_FAULTS) }) },
)

export function faults(maxLength: number): fc.Arbitrary<Fault[]> {
  return fc.array(fault, { minLength: 1, maxLength, size: 'max' })
}
