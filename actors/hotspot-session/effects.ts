/** The outside call of a session. */
import type { DisconnectRequest } from '../../machines/hotspot-session/context.ts'
import type { AppliedAccess } from '../../machines/live-access.ts'
import { defineEffect, type EffectDefinition } from '../../runtime/index.ts'
import type { CredentialIssuer } from '../credentials.ts'
import { applyAccess, LIVE_ACCESS_POLICY, type LiveAccessParts } from '../live-access/apply.ts'

export interface SessionCalls {
  credentials: CredentialIssuer
  liveAccess: LiveAccessParts
}

export function disconnectDevices({ credentials, liveAccess }: SessionCalls): EffectDefinition {
  return defineEffect<DisconnectRequest, AppliedAccess>({
    ...LIVE_ACCESS_POLICY,
    lane: 'disconnects',
    run: ({ credentialVersion }, { address, signal }) => {
      const { username } = credentials.issue(address, credentialVersion)
      return applyAccess(liveAccess, { username, change: { kind: 'disconnect' } }, signal)
    },
  })
}
