/**
 * Shows the credentials of a paid session to the paying browser, once: the session itself keeps count. The answer to a hotspot's challenge,
 * which is made of them, tells nobody the password, and may be had again while the session can be used.
 */
import type { AppDeps } from '../deps.ts'
import { StandingError, type ActorView } from '../../runtime/index.ts'
import type { Credentials } from '../ports/credentials.ts'
import { loginForm, type ChapChallenge, type HotspotLogin } from './hotspot-login.ts'

export type Reveal = (paymentId: string, options: { timeoutMs: number }) => Promise<Credentials | undefined>
export type AnswerChallenge = (paymentId: string, chap: ChapChallenge, options: { timeoutMs: number }) => Promise<HotspotLogin | undefined>

/** Even a client that does not wait gets the moment it takes from "paid" to "session made". */
const SESSION_WAIT_MS_MIN = 250
const SESSION_WAIT_MS_MAX = 5_000

type Parts = Pick<AppDeps, 'runtime' | 'credentials'>

export function credentialRevealer(deps: Parts, tenant: string, closing: AbortSignal): Reveal {
  const find = sessionFinder(deps, closing)
  return async (paymentId, { timeoutMs }) => {
    const address = sessionOf(tenant, paymentId)
    const session = await find(address, timeoutMs)
    if (session?.accepts.includes('session.revealCredentials') !== true) return undefined
    try {
      const result = await deps.runtime.send(address, { type: 'session.revealCredentials' }, { source: 'rest:payer' })
      if (result.outcome !== 'applied') return undefined
      return await deps.credentials.issue(address, versionOf(result.actor))
    } catch (error) {
      // Another tab was quicker, or the session ended in between.
      if (error instanceof StandingError && (error.code === 'event-not-accepted' || error.code === 'actor-done' || error.code === 'actor-blocked')) return undefined
      throw error
    }
  }
}

export function challengeAnswerer(deps: Parts, tenant: string, closing: AbortSignal): AnswerChallenge {
  const find = sessionFinder(deps, closing)
  return async (paymentId, chap, { timeoutMs }) => {
    const address = sessionOf(tenant, paymentId)
    const session = await find(address, timeoutMs)
    return session?.tags.includes('usable') === true ? loginForm(await deps.credentials.issue(address, versionOf(session)), chap) : undefined
  }
}

type SessionAddress = ReturnType<typeof sessionOf>

/** One payment, one session: they share the id. */
function sessionOf(tenant: string, paymentId: string) {
  return { tenant, type: 'hotspot-session', id: paymentId }
}

function sessionFinder({ runtime }: Parts, closing: AbortSignal) {
  return async (address: SessionAddress, timeoutMs: number): Promise<ActorView | undefined> => {
    const waitMs = Math.min(SESSION_WAIT_MS_MAX, Math.max(SESSION_WAIT_MS_MIN, timeoutMs))
    return (await runtime.get(address)) ?? (await runtime.waitFor(address, () => true, { timeoutMs: closing.aborted ? 0 : waitMs, signal: closing }))
  }
}

function versionOf({ context }: ActorView): number {
  return (context as { credentialVersion: number }).credentialVersion
}
