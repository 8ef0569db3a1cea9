/** Registers routers and issues their scripts. All of it is one commit and no outside call, so the answer with the script comes at once. */
import { addressFor } from '../../actors/router/tunnel.ts'
import { nameKey } from '../../actors/router/name-key.ts'
import { scriptFor } from '../../actors/router/script.ts'
import type { RouterContext } from '../../machines/router/context.ts'
import type { Enrolment, Provisioning, RouterInput } from '../../machines/router/events.ts'
import { ENROLMENT_HOURS } from '../../machines/router/timing.ts'
import { sortableId, StandingError, type ActorView, type Address, type Runtime } from '../../runtime/index.ts'
import type { Principal } from '../auth/principal.ts'
import { derivedId } from '../derived-id.ts'
import { Problem } from '../http/problem.ts'
import { saidBefore } from '../repetition.ts'
import { definitionOf } from '../routes/actors.ts'
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
  /**
   * @param key the Idempotency-Key: the same again gets the first answer, script and all, as all of it follows from the first input. It is
   * no way around the token: that works once, whoever has the script.
   * @throws Problem `router-exists`; StandingError `idempotency-mismatch` where the order is another one
   */
  register(order: RouterOrder, principal: Principal, key?: string): Promise<Issued & { isReplay: boolean }>
  /** A new script; the one before no longer works. With new secrets if those are to change. */
  reissue(router: Address, reason: string, rotateSecrets: boolean, principal: Principal): Promise<Issued>
}

export function routerRegistration(runtime: Runtime, { routers, secrets, surroundings, now }: RouterParts): Registration {
  const endOfEnrolment = (): number => now() + ENROLMENT_HOURS * HOUR_MS

  function issued(view: ActorView, token: string, { expiresAt, secretVersion }: Pick<Enrolment, 'expiresAt' | 'secretVersion'>): Issued {
    const { name, tunnelAddress, provisioning } = view.context as RouterContext
    const router = { tenant: view.tenant, type: view.type, id: view.id }
    return { view, expiresAt, script: scriptFor({ router, name, tunnelAddress, secretVersion, token, expiresAt, provisioning }, secrets, surroundings()) }
  }

  async function demandFreeName(tenant: string, name: string): Promise<void> {
    const other = await routers.named(tenant, nameKey(name))
    if (other !== undefined) throw new Problem('router-exists', `The router ${other} has this name. Issue it another script, or take another name.`, { errors: [{ pointer: '/name', detail: 'is the name of another router' }] })
  }

  /** Under a key each attempt has its own id, so that the same key finds what the first request made. */
  function idOf(tenant: string, key: string | undefined, attempt: number): string {
    return key === undefined ? `rtr_${sortableId()}` : derivedId(definitionOf(runtime, 'router'), tenant, `registered\0${attempt}\0${key}`)
  }

  async function madeBefore(tenant: string, key: string): Promise<RouterInput | undefined> {
    const attempts = Array.from({ length: ADDRESSES_TRIED }, (_, index) => ({ to: { tenant, type: 'router', id: idOf(tenant, key, index + 1) }, eventId: key }))
    const first = (await saidBefore(runtime, attempts)).find((event) => event?.type === 'xstate.init')
    return first?.['input'] as RouterInput | undefined
  }

  async function make(order: RouterOrder, { tenant, source }: Principal, key: string | undefined, { id, tunnelAddress, enrolment }: Pick<RouterInput, 'id' | 'tunnelAddress' | 'enrolment'>): Promise<Issued> {
    const input: RouterInput = { id, name: order.name, site: order.site, tunnelAddress, apiUrl: order.apiUrl ?? `http://${tunnelAddress}`, pollSeconds: order.pollSeconds, provisioning: order.provisioning, enrolment }
    const router = { tenant, type: 'router', id }
    const view = await runtime.create(router, input, { source, ...(key === undefined ? {} : { eventId: key, checkBody: true }) })
    return issued(view, secrets.firstEnrolment(router).token, enrolment)
  }

  async function makeNew(order: RouterOrder, principal: Principal, key: string | undefined): Promise<Issued> {
    const { tenant } = principal
    await demandFreeName(tenant, order.name)
    for (let attempt = 1; ; attempt++) {
      const id = idOf(tenant, key, attempt)
      const { tokenHash } = secrets.firstEnrolment({ tenant, type: 'router', id })
      try {
        return await make(order, principal, key, { id, tunnelAddress: addressFor(id, surroundings().tunnel.network), enrolment: { tokenHash, expiresAt: endOfEnrolment(), secretVersion: 1 } })
      } catch (error) {
        if (!isRefusedByTable(error)) throw error
        // Somebody was quicker.
        await demandFreeName(tenant, order.name)
        if (attempt >= ADDRESSES_TRIED) throw error
      }
    }
  }

  return {
    async register(order, principal, key) {
      const again = async (): Promise<(Issued & { isReplay: boolean }) | undefined> => {
        const before = key === undefined ? undefined : await madeBefore(principal.tenant, key)
        return before === undefined ? undefined : { ...(await make(order, principal, key, before)), isReplay: true }
      }
      const first = await again()
      if (first !== undefined) return first
      try {
        return { ...(await makeNew(order, principal, key)), isReplay: false }
      } catch (error) {
        // Of two at once under one key, the second finds the name taken by the first, or a moment in it that is not its own.
        const made = await again()
        if (made === undefined) throw error
        return made
      }
    },
    async reissue(router, reason, rotateSecrets, { source }) {
      const before = await runtime.get(router)
      if (before === undefined) throw new StandingError('actor-not-found', `There is no router '${router.id}'.`)
      const { secretVersion } = before.context as RouterContext
      const { token, tokenHash } = secrets.newEnrolment(router.tenant)
      const enrolment = { tokenHash, expiresAt: endOfEnrolment(), secretVersion: secretVersion + (rotateSecrets ? 1 : 0) }
      const { actor } = await runtime.send(router, { type: 'router.reissue', ...enrolment, reason }, { source })
      return issued(actor, token, enrolment)
    },
  }
}

/** The first step could not be committed, though the input fits its schema: the address is taken, or the name. */
function isRefusedByTable(error: unknown): boolean {
  return error instanceof StandingError && error.code === 'invalid-input' && error.details.cause !== undefined
}
