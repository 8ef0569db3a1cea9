/** The situation of an actor in one sentence, from the words of its machine. */
import type { ActorDefinition, ActorView } from '../../runtime/index.ts'

/** The phrase of the most specific active state that has one; states are in document order, parents first. */
export function statePhrase(view: Pick<ActorView, 'states'>, definition: ActorDefinition | undefined, audience: 'staff' | 'customer'): string | undefined {
  const words = definition?.words?.states ?? {}
  const known = view.states.filter((state) => words[state] !== undefined)
  // With parallel regions each has its own deepest state; all of them are part of the situation.
  const deepest = known.filter((state) => !known.some((other) => other.startsWith(`${state}.`)))
  const phrases = deepest.map((state) => words[state]?.[audience] ?? '')
  return phrases.length === 0 ? undefined : phrases.join(' ')
}
