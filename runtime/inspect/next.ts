/** "What can happen now": every event the present states know, whether it would be taken, and what stands in the way. */
import type { AnyTransitionDefinition } from 'xstate'
import type { CompiledActor } from '../machine/compile.ts'
import type { StepScope } from '../machine/scope.ts'
import { stateId } from '../machine/walk.ts'
import type { NextView } from '../model/view.ts'
import type { ActorState } from '../step/actor-state.ts'
import { candidates, canTake, refusedBy } from './accepts.ts'
import { phraseOfEvent, timerViews } from './view.ts'

export function nextView(compiled: CompiledActor, scope: StepScope, state: ActorState, at: number): NextView {
  const active = state.encoded.status === 'active'
  const events = (active ? candidates(state.snapshot) : []).map(({ event, transitions }) => {
    const phrase = phraseOfEvent(compiled, event)
    const accepted = state.hold !== null ? false : canTake(state.snapshot, { type: event }, at)
    return {
      event,
      accepted,
      to: [...new Set(transitions.flatMap(targets))],
      refusedBy: accepted === true ? [] : refusedBy(compiled, scope, state, { type: event }, at),
      ...(phrase === undefined ? {} : { phrase }),
    }
  })
  return { events, timers: timerViews(state.timers.values()) }
}

function targets(transition: AnyTransitionDefinition): string[] {
  return (transition.target ?? []).map((node) => stateId(node))
}
