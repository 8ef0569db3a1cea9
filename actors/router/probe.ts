/** The outside call that looks at a router. */
import type { ProbeOutcome, ProbeRequest, UsersOutcome } from '../../machines/router/calls.ts'
import { defineEffect, type Address, type EffectContext, type EffectDefinition } from '../../runtime/index.ts'
import { isGatewayError } from '../gateways/errors.ts'
import { normaliseMac } from '../gateways/mac.ts'
import { parseDuration } from '../gateways/routeros/duration.ts'
import { hotspotOf } from '../gateways/routeros/hotspot.ts'
import type { RouterConnection, RouterRecord } from '../gateways/routeros/port.ts'
import type { RouterCalls } from './calls.ts'
import type { RouterMoment } from './ends.ts'
import type { AccessPointReading, LiveReading, RouterLive } from './live.ts'
import { usageOf } from './usage.ts'
import { bringUsers, USERS, USERS_MAX } from './users.ts'
import { MARK } from './wanted.ts'

/** Five short reads; longer than any of them may take, so that their own verdict arrives. */
const LOOK_LIMIT_MS = 55_000

/** R9. */
const ACCESS_POINTS_MAX = 200
const CAPABILITIES_MAX = 40
const NAME_CHARS_MAX = 40

/**
 * One attempt: when to look again is the machine's decision (O1). Reading changes nothing, so it may be made twice; nor does ending
 * logins that are over do more the second time.
 */
export function probeRouter({ routerOs, secrets, live }: RouterCalls): EffectDefinition {
  return defineEffect<ProbeRequest, ProbeOutcome>({
    lane: 'monitoring',
    timeoutMs: LOOK_LIMIT_MS,
    async run({ apiUrl, secretVersion, accessPoints, provisioning, capabilities: known }, { address, at, signal }) {
      const router = routerOs.connect({ url: apiUrl, ...secrets.api(address, secretVersion) })
      try {
        const [resource = {}] = await router.list('/system/resource', { signal })
        const reading = await readingOf(router, resource, signal)
        await live.saveReading(address, reading, at)
        const present = await live.saveAccessPoints(address, await accessPointsOf(router, signal), at)
        // Before logins are ended: who is not to be there any more must not come back in between.
        const users = provisioning === 'rest' ? await keepUsers(router, live, address, { at, uptimeSeconds: reading.uptimeSeconds }, signal) : null
        const capabilities = await capabilitiesOf(router, known, signal)
        return { outcome: 'answered', users, capabilities, version: reading.version ?? '', uptimeSeconds: reading.uptimeSeconds ?? 0, handshakeAgeSeconds: reading.handshakeAgeSeconds, ...changes(accessPoints, present), ended: await endStrangers(router, live, address, signal) }
      } catch (error) {
        if (!isGatewayError(error)) throw error
        return { outcome: 'silent', code: error.code, detail: error.message, heardAt: await live.heardAt(address) }
      }
    },
  })
}

/** Counts what its users have used first: what they have left goes by it. */
async function keepUsers(router: RouterConnection, live: RouterLive, address: Address, moment: RouterMoment, signal: EffectContext['signal']): Promise<UsersOutcome> {
  const counted = await live.counted(address)
  const users = await router.list(USERS, { signal })
  const active = await router.list('/ip/hotspot/active', { signal })
  const usage = usageOf(counted, users, active, moment.at)
  await live.saveUsage(address, counted.revision, usage, moment.at)
  const wanted = { ...(await live.accesses(address, USERS_MAX)), withAccess: (usernames: readonly string[]) => live.withAccess(address, usernames) }
  return await bringUsers(router, wanted, { users, lives: usage.lives, moment }, signal)
}

async function readingOf(router: RouterConnection, resource: RouterRecord, signal: EffectContext['signal']): Promise<LiveReading> {
  const peers = await optional(router.list('/interface/wireguard/peers', { signal }))
  const active = await optional(router.list('/ip/hotspot/active', { signal }))
  const handshake = peers?.find((peer) => peer['comment'] === `${MARK}tunnel`)?.['last-handshake']
  return {
    version: resource['version'] ?? null,
    board: resource['board-name'] ?? null,
    uptimeSeconds: parseDuration(resource['uptime'] ?? '') ?? null,
    cpuLoad: wholeNumber(resource['cpu-load']),
    freeMemoryBytes: wholeNumber(resource['free-memory']),
    totalMemoryBytes: wholeNumber(resource['total-memory']),
    activeUsers: active?.length ?? null,
    handshakeAgeSeconds: handshake === undefined ? null : (parseDuration(handshake) ?? null),
  }
}

/**
 * Whoever is online there without access, for what happened while the router was out of reach, or before it was known: its hotspot
 * is brought to what is wanted of it. Only names that are ours are judged.
 */
async function endStrangers(router: RouterConnection, live: RouterLive, address: Address, signal: EffectContext['signal']): Promise<number> {
  const hotspot = hotspotOf(router)
  let ended = 0
  try {
    const users = await hotspot.users({ signal })
    for (const username of users.length === 0 ? [] : await live.withoutAccess(address, users)) {
      await hotspot.forget(username, { signal })
      ended += await hotspot.end(username, null, { signal })
    }
  } catch (error) {
    // It has answered what was asked first, so it is not down; the next look comes back to this.
    if (!isGatewayError(error)) throw error
  }
  return ended
}

/** Null: as known. A package may be added or switched off at any time, and the script cannot list them in a form that every version takes. */
async function capabilitiesOf(router: RouterConnection, known: readonly string[], signal: EffectContext['signal']): Promise<string[] | null> {
  const packages = await optional(router.list('/system/package', { signal }))
  if (packages === undefined) return null
  const names = packages.flatMap(({ name, disabled }) => (name === undefined || disabled === 'true' ? [] : [name.slice(0, NAME_CHARS_MAX)])).slice(0, CAPABILITIES_MAX)
  return names.sort().join() === [...known].sort().join() ? null : names
}

/** Neighbours that announce themselves (MNDP, CDP, LLDP); how many devices there are behind one, the hotspot's hosts on its port tell. */
async function accessPointsOf(router: RouterConnection, signal: EffectContext['signal']): Promise<AccessPointReading[]> {
  const neighbours = (await optional(router.list('/ip/neighbor', { signal }))) ?? []
  if (neighbours.length === 0) return []
  const hosts = (await optional(router.list('/ip/hotspot/host', { signal }))) ?? []
  const byMac = new Map<string, AccessPointReading>()
  for (const neighbour of neighbours.slice(0, ACCESS_POINTS_MAX)) {
    const mac = normaliseMac(neighbour['mac-address'] ?? '')
    if (!mac.ok) continue
    const port = neighbour['interface']?.split(',')[0] ?? null
    byMac.set(mac.mac, {
      mac: mac.mac,
      name: neighbour['identity'] ?? null,
      board: neighbour['board'] ?? neighbour['platform'] ?? null,
      version: neighbour['version'] ?? null,
      address: neighbour['address'] ?? neighbour['address4'] ?? null,
      port,
      clients: hosts.filter((host) => port !== null && host['bridge-port'] === port && host['mac-address'] !== neighbour['mac-address']).length,
    })
  }
  return [...byMac.values()]
}

/** A menu that this router does not have, or that we may not see, is no sign of trouble. */
async function optional(read: Promise<RouterRecord[]>): Promise<RouterRecord[] | undefined> {
  try {
    return await read
  } catch (error) {
    if (isGatewayError(error, 'not-found') || isGatewayError(error, 'refused')) return undefined
    throw error
  }
}

function changes(known: readonly string[], present: readonly string[]): { appeared: string[]; lost: string[] } {
  const [before, now] = [new Set(known), new Set(present)]
  return { appeared: present.filter((mac) => !before.has(mac)), lost: known.filter((mac) => !now.has(mac)) }
}

function wholeNumber(text: string | undefined): number | null {
  return text !== undefined && /^\d{1,15}$/.test(text) ? Number(text) : null
}
