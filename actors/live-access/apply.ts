/**
 * Changes access that is in use: every login of a username is changed on its router. A router that is out of reach is asked again
 * until it is back, so that nobody stays online past the end because of an outage; what it did meanwhile is asked of accounting anew.
 * One that nobody has registered cannot be asked, now or later: that is said, and no reason to wait.
 */
import { ASK_AGAIN_AFTER_MS, type AccessChange, type AppliedAccess } from '../../machines/live-access.ts'
import { defineEffect, RetryableError, type EffectDefinition } from '../../runtime/index.ts'
import type { AuthorizationAttributes, NasAnswer, RadiusGateway } from '../gateways/radius/port.ts'
import { rateLimitValue } from '../radius-rows/values.ts'
import { radiusDriver, type AccessDriver } from './drivers.ts'
import type { LiveLogin, LiveLogins } from './port.ts'

export interface LiveAccessParts {
  radius: RadiusGateway
  logins: LiveLogins
  /** Tried in this order where RADIUS does not lead to the end of a login. */
  otherWays?: readonly AccessDriver[]
}

/**
 * How an effect that changes live access is run; its `run` is {@link applyAccess}. Its lane asks again within seconds at first and every hour in
 * the end; a router that is back is not waited for so long: what accounting tells (`session.account`, `subscription.account`), which is
 * told anew when its looks find it back, has it asked at once, and its looks end what is over.
 */
export const LIVE_ACCESS_POLICY = {
  timeoutMs: 60_000,
} as const satisfies Omit<EffectDefinition, 'run'>

/** For a machine whose placeholder takes an {@link AccessChange}. */
export function liveAccess(parts: LiveAccessParts): EffectDefinition {
  return defineEffect<AccessChange, AppliedAccess>({ ...LIVE_ACCESS_POLICY, lane: ({ change }) => (change.kind === 'coa' ? 'radius' : 'disconnects'), run: (change, { signal }) => applyAccess(parts, change, signal) })
}

type Answer = Pick<NasAnswer, 'isSpared'> & { outcome: NasAnswer['outcome'] | 'unknown' }

/** @throws RetryableError while a router does not answer; the others are done by then. */
export async function applyAccess(parts: LiveAccessParts, { username, isAgain, change }: AccessChange, signal: AbortSignal): Promise<AppliedAccess> {
  const { radius, logins } = parts
  const isDisconnect = change.kind === 'disconnect'
  // Attributes of one that is perhaps gone need no change.
  const under = (await logins.of(username)).filter(({ isSupposedClosed, nas, rest }) => !isSupposedClosed || (isDisconnect && (nas !== null || rest !== null)))
  const ask = async (login: LiveLogin): Promise<Answer> => {
    const { nas, acctSessionId, framedIp } = login
    if (change.kind === 'disconnect') return await disconnect(parts, username, login, signal)
    return nas === null ? { outcome: 'unknown' } : await radius.changeAuthorization(nas, { username, acctSessionId, framedIp }, attributesOf(change), { signal })
  }
  const asked = await Promise.all(under.map(async (login) => ({ login, ...(await ask(login)) })))
  const withOutcome = (wanted: Answer['outcome']): LiveLogin[] => asked.filter(({ outcome }) => outcome === wanted).map(({ login }) => login)
  const gone = withOutcome('gone')
  if (gone.length > 0) await logins.closeGone(gone.map(({ recordId }) => recordId))
  const silent = withOutcome('unreachable')
  if (silent.length > 0) {
    const routers = [...new Set(silent.map(({ nasAddress }) => `router ${nasAddress}`))].join(', ')
    // One that has been waited for long is not asked every few seconds anew, once it has been asked.
    const isAsked = asked.every(({ isSpared }) => isSpared !== true)
    throw new RetryableError(`no answer from ${routers}`, isAgain === true && isAsked ? { retryAfterMs: ASK_AGAIN_AFTER_MS } : {})
  }
  return { sessions: withOutcome('done').length, gone: gone.length, refused: withOutcome('refused').length, unknown: withOutcome('unknown').length }
}

/** By the first way that leads to the end. */
async function disconnect({ radius, otherWays = [] }: LiveAccessParts, username: string, login: LiveLogin, signal: AbortSignal): Promise<Answer> {
  for (const way of otherWays) await way.forget?.(username, login, signal)
  let best: Answer = { outcome: 'unknown' }
  for (const way of [radiusDriver(radius), ...otherWays]) {
    const answer = await way.disconnect(username, login, signal)
    if (answer === undefined) continue
    if (answer.outcome === 'done' || answer.outcome === 'gone') return answer
    // Who is silent may do it yet; who refuses never will.
    if (best.outcome !== 'unreachable') best = answer
  }
  return best
}

function attributesOf({ uploadKbps, downloadKbps, addressList, sessionTimeoutSeconds }: Extract<AccessChange['change'], { kind: 'coa' }>): AuthorizationAttributes {
  return {
    'Mikrotik-Rate-Limit': rateLimitValue(uploadKbps, downloadKbps),
    ...(addressList === null ? {} : { 'Mikrotik-Address-List': addressList }),
    ...(sessionTimeoutSeconds === null ? {} : { 'Session-Timeout': sessionTimeoutSeconds }),
  }
}
