/** Tells kinds of actor logic apart by how they behave; XState gives them no names. */
import { StateMachine } from 'xstate'
import type { AnyActorLogic, AnyStateMachine } from 'xstate'

export type PromiseCreator = (args: {
  input: unknown
  system: unknown
  self: unknown
  signal: AbortSignal
  emit: (event: unknown) => void
}) => PromiseLike<unknown>

export function isMachine(logic: unknown): logic is AnyStateMachine {
  return logic instanceof StateMachine
}

/** Logic of `fromPromise`: the only kind that takes XState's internal resolve event to `done`. */
export function isPromiseLogic(logic: unknown): logic is AnyActorLogic & { config: PromiseCreator } {
  if (typeof logic !== 'object' || logic === null || isMachine(logic)) return false
  const candidate = logic as Partial<AnyActorLogic> & { config?: unknown }
  if (typeof candidate.config !== 'function' || typeof candidate.transition !== 'function') return false
  const marker = {}
  try {
    const next = candidate.transition(
      { status: 'active', output: undefined, error: undefined, input: undefined },
      { type: 'xstate.promise.resolve', data: marker },
      undefined as never,
    ) as { status?: unknown; output?: unknown }
    return next.status === 'done' && next.output === marker
  } catch {
    // Callback logic reaches for its scope here; transition logic runs the author's own function.
    return false
  }
}

/**
 * Stands in for every child while a step is computed: it can be created, named and restored, and does
 * nothing. The real child is an effect row or an actor of its own (pitfalls 4, 5, 6).
 */
export const inertLogic: AnyActorLogic = {
  transition: (snapshot: unknown) => snapshot as never,
  getInitialSnapshot: (_scope, input: unknown) => ({ status: 'active', output: undefined, error: undefined, input }) as never,
  getPersistedSnapshot: (snapshot: unknown) => snapshot as never,
  restoreSnapshot: (snapshot: unknown) => snapshot as never,
}
