/** For a system that knows no routers: nobody is logged in anywhere, so nobody has to be told. */
import type { AccessChange, AppliedAccess } from '../../machines/live-access.ts'
import { defineEffect, type EffectDefinition } from '../../runtime/index.ts'

export function noLiveAccess(): EffectDefinition {
  return defineEffect<AccessChange, AppliedAccess>({ lane: 'radius', run: () => ({ sessions: 0, gone: 0, refused: 0 }) })
}
