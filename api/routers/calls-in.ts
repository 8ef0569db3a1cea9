/** What routers themselves tell us: that they were set up, and every minute that they live. They prove themselves by token. */
import { tenantOfToken } from '../../actors/router/secrets.ts'
import { isInTime, isSupportedVersion, type RouterContext } from '../../machines/router/context.ts'
import type { RouterDevice } from '../../machines/router/events.ts'
import { isStandingError, type Address, type ActorView, type Runtime } from '../../runtime/index.ts'
import { Problem } from '../http/problem.ts'
import type { LiveValues } from '../ports/routers.ts'
import type { RouterParts } from './parts.ts'

export interface CallsIn {
  /** @throws Problem `router-refused`, `router-unsupported` */
  enrol(id: string, token: string | undefined, device: RouterDevice): Promise<ActorView>
  /** @throws Problem `router-refused` */
  heartbeat(id: string, token: string | undefined, values: LiveValues): Promise<void>
}

export function routerCallsIn(runtime: Runtime, { routers, secrets, now }: RouterParts): CallsIn {
  async function find(id: string, token: string | undefined): Promise<{ router: Address; view: ActorView; token: string }> {
    const tenant = token === undefined ? undefined : tenantOfToken(token)
    if (tenant === undefined || token === undefined || !/^[A-Za-z0-9_-]{1,64}$/.test(id)) throw new Problem('router-refused')
    const router = { tenant, type: 'router', id }
    const view = await runtime.get(router)
    if (view?.status !== 'active') throw new Problem('router-refused')
    return { router, view, token }
  }

  return {
    async enrol(id, given, device) {
      const { router, view, token } = await find(id, given)
      const tokenHash = secrets.enrolmentHash(token)
      try {
        // The same again, because the answer was lost, is the same call (R3). Another router with the same script is not: its key differs.
        const { actor } = await runtime.send(router, { type: 'router.enrol', tokenHash, ...device }, { source: `router:${id}`, eventId: `enrol-${tokenHash}-${device.version}-${device.publicKey ?? ''}` })
        if (!isSupportedVersion(device.version)) throw new Problem('router-unsupported', `RouterOS 7 is needed, and this router runs ${device.version}. Upgrade it, then paste the same script again.`)
        return actor
      } catch (error) {
        if (!isStandingError(error, 'event-not-accepted') && !isStandingError(error, 'actor-done')) throw error
        const { enrolment } = view.context as RouterContext
        const isLate = enrolment?.tokenHash === tokenHash && !isInTime(view.context as RouterContext, now())
        throw new Problem('router-refused', isLate ? 'This token has expired. Have another script issued.' : 'This token was used or replaced. Have another script issued.')
      }
    },
    async heartbeat(id, given, values) {
      const { router, view, token } = await find(id, given)
      if (!secrets.isHeartbeatToken(token, router, (view.context as RouterContext).secretVersion)) throw new Problem('router-refused')
      await routers.saveHeartbeat(router, values, now())
      // Only while it changes something: what comes every minute is no matter for the journal.
      if (!view.accepts.includes('router.heartbeat')) return
      await runtime.send(router, { type: 'router.heartbeat' }, { source: `router:${id}` }).catch((error: unknown) => {
        // It was looked at in between.
        if (!isStandingError(error, 'event-not-accepted') && !isStandingError(error, 'actor-done')) throw error
      })
    },
  }
}
