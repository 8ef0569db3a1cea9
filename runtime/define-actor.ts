/** Registers nothing by itself: checks one definition early, so that a mistake is seen where it was made. */
import type { ActorDefinition } from './definition.ts'
import { DEFAULT_LIMITS } from './engine/limits.ts'
import { compileActors } from './machine/compile.ts'
import { assertTypeName } from './model/address.ts'

/**
 * Checks a definition and gives it back.
 * @throws StandingError `invalid-definition` listing everything that cannot be run durably.
 */
export function defineActor<const Definition extends ActorDefinition>(definition: Definition): Definition {
  assertTypeName(definition.type)
  compileActors([definition], { microsteps: DEFAULT_LIMITS.microsteps })
  return definition
}
