/** Shows the credentials of a paid session to the paying browser, once: the session itself keeps count. */
import type { AppDeps } from '../deps.ts'
import { StandingError } from '../../runtime/index.ts'
import type { Credentials } from '../ports/credentials.ts'

export type Reveal = (paymentId: string, options: { timeoutMs: number }) => Promise<Credentials | undefined>

/** Even a client that does not wait gets the moment it takes from "paid" to "session made". */
const SESSION_WAIT_MS_MIN = 250
const SESSION_WAIT_MS_MAX = 5_000

export function credentialRevealer(deps: Pick<AppDeps, 'runtime' | 'credentials'>, tenant: string, closing: AbortSignal): Reveal {
  return async (paymentId, { timeoutMs }) => {
    // One payment, one session: they share the id.
    const address = { tenant, type: 'hotspot-session', id: paymentId }
    const waitMs = Math.min(SESSION_WAIT_MS_MAX, Math.max(SESSION_WAIT_MS_MIN, timeoutMs))
    const session = (await deps.runtime.get(address)) ?? (await deps.runtime.waitFor(address, () => true, { timeoutMs: closing.aborted ? 0 : waitMs, signal: closing }))
    if (session?.accepts.includes('session.revealCredentials') !== true) return undefined
    try {
      const result = await deps.runtime.send(address, { type: 'session.revealCredentials' }, { source: 'rest:payer' })
      if (result.outcome !== 'applied') return undefined
      const { credentialVersion } = result.actor.context as { credentialVersion: number }
      return await deps.credentials.issue(address, credentialVersion)
    } catch (error) {
      // Another tab was quicker, or the session ended in between.
      if (error instanceof StandingError && (error.code === 'event-not-accepted' || error.code === 'actor-done' || error.code === 'actor-blocked')) return undefined
      throw error
    }
  }
}
