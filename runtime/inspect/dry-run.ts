/** What an event would do: the same step, with nothing stored and nothing sent. */
import type { CompiledActor } from '../machine/compile.ts'
import type { StepScope } from '../machine/scope.ts'
import type { EventObject } from '../model/messages.ts'
import type { DryRunView } from '../model/view.ts'
import type { Limits } from '../runtime-face.ts'
import type { ActorState } from '../step/actor-state.ts'
import { step } from '../step/step.ts'
import { refusedBy } from './accepts.ts'
import { toIso } from './view.ts'

/** @throws what the step throws, such as a failing guard. */
export function dryRun(compiled: CompiledActor, scope: StepScope, state: ActorState, event: EventObject, at: number, limits: Limits): DryRunView {
  const from: unknown = JSON.parse(state.encoded.value)
  const refused = (): DryRunView => ({
    accepted: false,
    from,
    to: from,
    effects: [],
    messages: [],
    facts: [],
    timers: [],
    refusedBy: refusedBy(compiled, scope, state, event, at),
  })
  if (state.hold !== null) return refused()
  const trace = { source: 'dry-run', correlationId: 'dry-run', causationId: null }
  const result = step({ compiled, scope, at, contextBytes: limits.contextBytes }, state, { kind: 'event', eventId: 'dry-run', fresh: true, trace, event })
  // The live state must not remember a step that was never taken.
  state.self.current = state.snapshot
  if (result.kind !== 'stepped') return refused()
  return {
    accepted: true,
    from,
    to: JSON.parse(result.next.encoded.value) as unknown,
    effects: result.effectsAdded.map(({ name, input }) => ({ name, input: JSON.parse(input) as unknown })),
    messages: result.mails.map((mail) => ({ to: { type: mail.to.type, id: mail.to.id }, event: mail.kind === 'event' ? mail.event.type : mail.kind })),
    facts: result.facts.map((fact) => ({ type: fact.type, ...fact.data })),
    timers: [
      ...result.timersSet.map(({ id, dueAt }) => ({ id, dueAt: toIso(dueAt) })),
      ...result.timersCleared.map((id) => ({ id, cancelled: true as const })),
    ],
    refusedBy: [],
  }
}
