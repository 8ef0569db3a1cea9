/**
 * Changes access that is in use: every login of a username is changed on its router. A router that is out of reach is asked again
 * until it is back, so that nobody stays online past the end because of an outage; what it did meanwhile is asked of accounting anew.
 */
import type { AccessChange, AppliedAccess } from '../../machines/live-access.ts'
import { defineEffect, RetryableError, type EffectDefinition } from '../../runtime/index.ts'
import type { AuthorizationAttributes, NasAnswer, RadiusGateway } from '../gateways/radius/port.ts'
import { rateLimitValue } from '../radius-rows/values.ts'
import type { LiveLogin, LiveLogins } from './port.ts'

export interface LiveAccessParts {
  radius: RadiusGateway
  logins: LiveLogins
}

/** How an effect that changes live access is run; its `run` is {@link applyAccess}. */
export const LIVE_ACCESS_POLICY = {
  lane: 'radius',
  retry: { attempts: Infinity, initialMs: 2_000, factor: 2, maxMs: 300_000, jitter: 0.2 },
  timeoutMs: 60_000,
} as const satisfies Omit<EffectDefinition, 'run'>

/** For a machine whose placeholder takes an {@link AccessChange}. */
export function liveAccess(parts: LiveAccessParts): EffectDefinition {
  return defineEffect<AccessChange, AppliedAccess>({ ...LIVE_ACCESS_POLICY, run: (change, { signal }) => applyAccess(parts, change, signal) })
}

/** @throws RetryableError while a router does not answer; the others are done by then. */
export async function applyAccess({ radius, logins }: LiveAccessParts, { username, change }: AccessChange, signal: AbortSignal): Promise<AppliedAccess> {
  const isDisconnect = change.kind === 'disconnect'
  // Attributes of one that is perhaps gone need no change.
  const under = (await logins.of(username)).filter(({ isSupposedClosed, nas }) => !isSupposedClosed || (isDisconnect && nas !== null))
  const ask = async ({ nas, acctSessionId, framedIp }: LiveLogin): Promise<NasAnswer> => {
    if (nas === null) return { outcome: 'unreachable' }
    const session = { username, acctSessionId, framedIp }
    return change.kind === 'disconnect' ? await radius.disconnect(nas, session, { signal }) : await radius.changeAuthorization(nas, session, attributesOf(change), { signal })
  }
  const asked = await Promise.all(under.map(async (login) => ({ login, answer: await ask(login) })))
  const withOutcome = (outcome: NasAnswer['outcome']): LiveLogin[] => asked.filter(({ answer }) => answer.outcome === outcome).map(({ login }) => login)
  const gone = withOutcome('gone')
  if (gone.length > 0) await logins.closeGone(gone.map(({ recordId }) => recordId))
  const silent = withOutcome('unreachable')
  if (silent.length > 0) throw new RetryableError(`no answer from ${[...new Set(silent.map(nameOf))].join(', ')}`)
  return { sessions: withOutcome('done').length, gone: gone.length, refused: withOutcome('refused').length }
}

function nameOf({ nasAddress, nas }: LiveLogin): string {
  return nas === null ? `router ${nasAddress}, which is not registered` : `router ${nasAddress}`
}

function attributesOf({ uploadKbps, downloadKbps, addressList, sessionTimeoutSeconds }: Extract<AccessChange['change'], { kind: 'coa' }>): AuthorizationAttributes {
  return {
    'Mikrotik-Rate-Limit': rateLimitValue(uploadKbps, downloadKbps),
    ...(addressList === null ? {} : { 'Mikrotik-Address-List': addressList }),
    ...(sessionTimeoutSeconds === null ? {} : { 'Session-Timeout': sessionTimeoutSeconds }),
  }
}
