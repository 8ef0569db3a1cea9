/** Which events the present states would take, and which guards stand in the way. */
import { getNextTransitions, StateMachine } from 'xstate'
import type { AnyMachineSnapshot, AnyStateMachine, AnyTransitionDefinition } from 'xstate'
import type { Refusal } from '../errors.ts'
import type { CompiledActor } from '../machine/compile.ts'
import type { StepScope } from '../machine/scope.ts'
import type { EventObject } from '../model/messages.ts'
import type { ActorState } from '../step/actor-state.ts'
import { withStepTime } from '../step/step-time.ts'

export interface Candidate {
  event: string
  transitions: AnyTransitionDefinition[]
}

/** Event types of the author's own that some active state has a transition for; guards not considered. */
export function candidates(snapshot: AnyMachineSnapshot): Candidate[] {
  const byEvent = new Map<string, AnyTransitionDefinition[]>()
  for (const transition of getNextTransitions(snapshot as never)) {
    const event = transition.eventType as string
    if (event === '' || event.startsWith('xstate.')) continue
    if (transition.target === undefined && transition.actions.length === 0) continue
    byEvent.set(event, [...(byEvent.get(event) ?? []), transition])
  }
  return [...byEvent].map(([event, transitions]) => ({ event, transitions }))
}

/**
 * Types that would be taken now. A guard that needs the event's payload cannot be asked without one; its
 * event counts as accepted, since it may be.
 */
export function acceptedTypes(state: ActorState, at: number): string[] {
  if (state.encoded.status !== 'active' || state.hold !== null) return []
  return candidates(state.snapshot)
    .filter(({ event, transitions }) => transitions.some((t) => t.guard === undefined) || canTake(state.snapshot, { type: event }, at) !== false)
    .map(({ event }) => event)
}

/** True or false as the guards say; null when a guard throws for want of a payload. */
export function canTake(snapshot: AnyMachineSnapshot, event: EventObject, at: number): boolean | null {
  try {
    return withStepTime(at, () => snapshot.can(event as never))
  } catch {
    return null
  }
}

/** The guards that said no to this event, by asking the machine with guards that tell (R8). */
export function refusedBy(compiled: CompiledActor, scope: StepScope, state: ActorState, event: EventObject, at: number): Refusal[] {
  const asked: string[] = []
  const probe = probeMachine(compiled, asked)
  const snapshot = { ...state.snapshot, machine: probe }
  try {
    withStepTime(at, () => scope.run(state.self, () => probe.getTransitionData(snapshot as never, event as never)))
  } catch {
    // A guard that throws without a payload: those asked before it still stand.
  }
  const words = compiled.definition.words?.guards ?? {}
  return [...new Set(asked)].map((guard) => {
    const phrase = words[guard]?.staff
    return phrase === undefined ? { guard } : { guard, phrase }
  })
}

type Guard = ((args: unknown, params: unknown) => boolean) & { check?: (snapshot: unknown, args: unknown, params: unknown) => boolean }

/** The same machine with every named guard noting its name when it says no. */
function probeMachine(compiled: CompiledActor, refused: string[]): AnyStateMachine {
  const { machine } = compiled
  const note = (name: string, passed: boolean): boolean => {
    if (!passed) refused.push(name)
    return passed
  }
  const guards = Object.fromEntries(
    Object.entries(machine.implementations.guards as Record<string, Guard>).map(([name, guard]) => {
      const { check } = guard
      const told = check === undefined ? (args: unknown, params: unknown) => note(name, guard(args, params)) : Object.assign(() => false, guard, { check: (snapshot: unknown, args: unknown) => note(name, check(snapshot, args, guard)) })
      return [name, told]
    }),
  )
  return new StateMachine(machine.config as never, { ...machine.implementations, guards } as never)
}
