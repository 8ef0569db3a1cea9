/** What staff see of a router besides its actor: live data with its age, what differs from what is wanted, who is cut off when it fails. */
import { compare } from '../../actors/router/configure.ts'
import { isGatewayError } from '../../actors/gateways/errors.ts'
import { versionOf, type RouterContext } from '../../machines/router/context.ts'
import { downMsIn, downtimeByMonth } from '../../machines/router/downtime.ts'
import type { ConfigurationVersion } from '../../machines/router/configuration.ts'
import { StandingError, type ActorView, type Address, type Runtime } from '../../runtime/index.ts'
import { Problem } from '../http/problem.ts'
import type { OpenSession } from '../ports/routers.ts'
import type { RouterParts } from './parts.ts'

/** R9. */
const SESSIONS_MAX = 500
/** Ours, at this moment, by hand: staff wait for it. */
const DIFF_LIMIT_MS = 20_000
/** Twice the usual gap between looks, and a little. */
const STALE_AFTER_GAPS = 2.5

export interface Affected extends OpenSession {
  actor: { type: string; id: string } | null
}

/** Why not all are named: there are more than can be shown; or its own logins have never been read. */
export type Missing = 'too-many' | 'not-looked-at'

export function routerReading(runtime: Runtime, { routers, routerOs, secrets, now }: RouterParts, timeZone: string) {
  async function find(router: Address): Promise<ActorView & { context: RouterContext }> {
    const view = await runtime.get(router)
    if (view === undefined) throw new StandingError('actor-not-found', `There is no router '${router.id}'.`)
    return view as ActorView & { context: RouterContext }
  }

  return {
    async diff(router: Address, wantedVersion: number | undefined) {
      const { context } = await find(router)
      const wanted = wantedVersion === undefined ? context.desired : (versionOf(context, wantedVersion) ?? null)
      const about = { desiredVersion: context.desired?.version ?? null, appliedVersion: context.applied?.version ?? null, comparedVersion: wanted?.version ?? null }
      if (wanted === null) {
        if (wantedVersion !== undefined) throw new StandingError('invalid-input', 'This version is not known.', { errors: [{ pointer: '/version', detail: 'is none of the versions that are kept' }] })
        return { ...about, changes: [] }
      }
      return { ...about, changes: await changesOf(router, context, wanted) }
    },

    async live(router: Address) {
      const { context } = await find(router)
      const { reading, readAt, heartbeat, heardAt } = await routers.live(router)
      const age = (at: number | null): number | null => (at === null ? null : Math.max(0, Math.round((now() - at) / 1_000)))
      const [readAge, heardAge] = [age(readAt), age(heardAt)]
      return { reading, readAt, readAgeSeconds: readAge, heartbeat, heardAt, heardAgeSeconds: heardAge, isStale: readAge === null || readAge > context.pollSeconds * STALE_AFTER_GAPS }
    },

    async accessPoints(router: Address) {
      const { context } = await find(router)
      const present = new Set(context.accessPoints)
      return (await routers.accessPoints(router)).map((one) => ({ ...one, isPresent: present.has(one.mac) }))
    },

    async outages(router: Address, days: number) {
      const { createdAt } = await find(router)
      const until = now()
      // Before there was a router nothing was up.
      const from = Math.min(until - 1, Math.max(until - days * 86_400_000, Date.parse(createdAt)))
      const outages = await routers.outages(router, from)
      const downMs = downMsIn(outages, from, until)
      return { from, until, outages, downMs, availability: 1 - downMs / (until - from), months: downtimeByMonth(outages, from, until, timeZone) }
    },

    /** Sessions and subscriptions are found by their username. */
    async affected(router: Address): Promise<{ sessions: Affected[]; asOf: number | null; missing: Missing | null }> {
      const { context } = await find(router)
      // No RADIUS tells of users that it keeps itself: they are known as of its last look.
      const keepsItsUsers = context.provisioning === 'rest'
      const asOf = keepsItsUsers ? await routers.countedAt(router) : now()
      const open = await routers.openSessions(router, context.tunnelAddress, SESSIONS_MAX + 1)
      const sessions = open.slice(0, SESSIONS_MAX)
      const names = [...new Set(sessions.map(({ username }) => username))].filter((name) => name !== '')
      const hits = names.length === 0 ? [] : await runtime.search({ tenant: router.tenant, values: names, limit: names.length * 4 })
      const byName = new Map(hits.filter(({ address }) => address.type === 'hotspot-session' || address.type === 'subscription').map((hit) => [hit.identifier.value, hit.address]))
      const actorOf = (username: string): Affected['actor'] => {
        const address = byName.get(username)
        return address === undefined ? null : { type: address.type, id: address.id }
      }
      const missing = open.length > SESSIONS_MAX ? 'too-many' : asOf === null ? 'not-looked-at' : null
      return { sessions: sessions.map((one) => ({ ...one, actor: actorOf(one.username) })), asOf, missing }
    },
  }

  async function changesOf(router: Address, { apiUrl, secretVersion }: RouterContext, { configuration }: ConfigurationVersion) {
    try {
      return await compare(routerOs.connect({ url: apiUrl, ...secrets.api(router, secretVersion) }), configuration, AbortSignal.timeout(DIFF_LIMIT_MS))
    } catch (error) {
      if (!isGatewayError(error)) throw error
      throw new Problem('router-unreachable', `The router could not be asked: ${error.message}`, { extra: { reason: error.code } })
    }
  }
}
