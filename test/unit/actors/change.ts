/** A committed step, as projections and identifiers see it. */
import type { Change } from '../../../runtime/definition.ts'

export function change(fields: Partial<Change> & Pick<Change, 'states' | 'context'>): Change {
  return {
    address: { tenant: 'main', type: 'payment', id: 'pay_1' },
    seq: 1,
    at: Date.UTC(2026, 0, 1),
    status: 'active',
    value: fields.states[0] ?? null,
    previousStates: [],
    previousContext: undefined,
    event: { type: 'xstate.init' },
    facts: [],
    output: undefined,
    ...fields,
  }
}
