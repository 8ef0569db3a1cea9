/** Registers routers and issues their scripts. All of it is one commit and no outside call, so the answer with the script comes at once. */
import { addressFor } from '../../actors/router/tunnel.ts'
import { nameKey } from '../../actors/router/name-key.ts'
import { scriptFor } from '../../actors/router/script.ts'
import type { RouterContext } from '../../machines/router/context.ts'
import type { Provisioning } from '../../machines/router/events.ts'
import { ENROLMENT_HOURS } from '../../machines/router/timing.ts'
import { sortableId, StandingError, type ActorView, type Address, type Runtime } from '../../runtime/index.ts'
import type { Principal } from '../auth/principal.ts'
import { Problem } from '../http/problem.ts'
import type { RouterParts } from './parts.ts'

export interface RouterOrder {
  name: string
  site: string | null
  /** Null: in the tunnel. */
  apiUrl: string | null
  pollSeconds: number
  provisioning: Provisioning
}

export interface Issued {
  view: ActorView
  script: string
  expiresAt: number
}

const HOUR_MS = 3_600_000
/** With 65,000 addresses and 1,000 routers a new one meets a taken address once in 65 times; so often in a row once in ten billion. */
const ADDRESSES_TRIED = 6

export interface Registration {
  /** @throws Problem `router-exists` */
  register(order: RouterOrder, principal: Principal): Promise<Issued>
  /** A new script; the one before no longer works. With new secrets if those are to change. */
  reissue(router: Address, reason: string, rotateSecrets: boolean, principal: Principal): Promise<Issued>
}

export function routerRegistration(runtime: Runtime, { routers, secrets, surroundings, now }: RouterParts): Registration {
  const newEnrolment = (tenant: string, secretVersion: number) => {
    const { token, tokenHash } = secrets.newEnrolment(tenant)
    return { token, enrolment: { tokenHash, expiresAt: now() + ENROLMENT_HOURS * HOUR_MS, secretVersion } }
  }

  function issued(view: ActorView, token: string, { expiresAt, secretVersion }: { expiresAt: number; secretVersion: number }): Issued {
    const { name, tunnelAddress } = view.context as RouterContext
    const router = { tenant: view.tenant, type: view.type, id: view.id }
    return { view, expiresAt, script: scriptFor({ router, name, tunnelAddress, secretVersion, token, expiresAt }, secrets, surroundings()) }
  }

  async function demandFreeName(tenant: string, name: string): Promise<void> {
    const other = await routers.named(tenant, nameKey(name))
    if (other !== undefined) throw new Problem('router-exists', `The router ${other} has this name. Issue it another script, or take another name.`, { errors: [{ pointer: '/name', detail: 'is the name of another router' }] })
  }

  return {
    async register(order, { tenant, source }) {
      for (let attempt = 1; ; attempt++) {
        const id = `rtr_${sortableId()}`
        const tunnelAddress = addressFor(id, surroundings().tunnel.network)
        const { token, enrolment } = newEnrolment(tenant, 1)
        const input = { id, name: order.name, site: order.site, tunnelAddress, apiUrl: order.apiUrl ?? `http://${tunnelAddress}`, pollSeconds: order.pollSeconds, provisioning: order.provisioning, enrolment }
        try {
          return issued(await runtime.create({ tenant, type: 'router', id }, input, { source }), token, enrolment)
        } catch (error) {
          if (!isRefusedByTable(error)) throw error
          await demandFreeName(tenant, order.name)
          if (attempt >= ADDRESSES_TRIED) throw error
        }
      }
    },
    async reissue(router, reason, rotateSecrets, { source }) {
      const before = await runtime.get(router)
      if (before === undefined) throw new StandingError('actor-not-found', `There is no router '${router.id}'.`)
      const { secretVersion } = before.context as RouterContext
      const { token, enrolment } = newEnrolment(router.tenant, secretVersion + (rotateSecrets ? 1 : 0))
      const { actor } = await runtime.send(router, { type: 'router.reissue', ...enrolment, reason }, { source })
      return issued(actor, token, enrolment)
    },
  }
}

/** The first step could not be committed, though the input fits its schema: the address is taken, or the name. */
function isRefusedByTable(error: unknown): boolean {
  return error instanceof StandingError && error.code === 'invalid-input' && error.details.cause !== undefined
}
