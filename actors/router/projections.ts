/**
 * Tables kept in step with routers, in the commit of each step (R1).
 *
 *   business.routers         {tenant, id, name, tunnel_address, ...}: from registration to retirement. `tunnel_address` is unique: a
 *                            second router of one address cannot commit its first step.
 *   business.router_names    {tenant, name_key, router_id}, for as long: a second router of one name cannot commit its first step.
 *   business.router_outages  one row an outage, opened by one step and closed by another.
 *   radius.nas               the router as FreeRADIUS knows it: from enrolment to retirement.
 */
import type { RouterContext, RouterFact } from '../../machines/router/context.ts'
import type { Change, Projection } from '../../runtime/index.ts'
import { nameKey } from './name-key.ts'
import type { RouterSecrets } from './secrets.ts'

/** `online` of `['online', 'online.watching']`. */
function stateOf(states: readonly string[]): string | null {
  return states[0] ?? null
}

function rowOf({ address, states, context, status }: Pick<Change, 'address' | 'states' | 'context' | 'status'>): Record<string, string | number | null> | undefined {
  if (status === 'done') return undefined
  const { name, site, tunnelAddress, device, provisioning, apiUrl, enrolledAt, secretVersion } = context as RouterContext
  return {
    tenant: address.tenant,
    id: address.id,
    name,
    site,
    tunnel_address: tunnelAddress,
    state: stateOf(states),
    public_key: device?.publicKey ?? null,
    provisioning,
    api_url: apiUrl,
    secret_version: enrolledAt === null ? null : secretVersion,
  }
}

export const routers: Projection = (change) => {
  const { address, previousStates, previousContext } = change
  const row = rowOf(change)
  const before = previousStates.length === 0 ? undefined : rowOf({ address, states: previousStates, context: previousContext, status: 'active' })
  if (JSON.stringify(row) === JSON.stringify(before)) return []
  return [{ table: 'business.routers', key: { tenant: address.tenant, id: address.id }, rows: row === undefined ? [] : [row] }]
}

/** Nobody changes the name of a router: it is written with the first step and removed with the last. */
export const routerNames: Projection = ({ address, previousStates, context, status }) => {
  const isOver = status === 'done'
  if (previousStates.length > 0 && !isOver) return []
  const row = { tenant: address.tenant, name_key: nameKey((context as RouterContext).name), router_id: address.id }
  return [{ table: 'business.router_names', key: { tenant: address.tenant, router_id: address.id }, rows: isOver ? [] : [row] }]
}

export const routerOutages: Projection = ({ address, facts, status, context, at }) => {
  const key = (since: number): Record<string, string> => ({ tenant: address.tenant, router_id: address.id, since: instant(since) })
  const rows = facts.flatMap((fact): { since: number; closedAt: number | null }[] => {
    const told = { type: fact.type, ...fact.data } as RouterFact
    if (told.type === 'router.outageOpened') return [{ since: told.since, closedAt: null }]
    return told.type === 'router.outageClosed' ? [{ since: told.since, closedAt: told.until }] : []
  })
  const { outage } = context as RouterContext
  // Nobody is down who is no longer there.
  if (status === 'done' && outage !== null) rows.push({ since: outage.since, closedAt: at })
  return rows.map(({ since, closedAt }) => ({ table: 'business.router_outages', key: key(since), rows: [{ ...key(since), closed_at: closedAt === null ? null : instant(closedAt) }] }))
}

export function radiusNas(secrets: RouterSecrets): Projection {
  const row = ({ address, context, status }: Pick<Change, 'address' | 'context' | 'status'>) => {
    const router = context as RouterContext | undefined
    if (router?.enrolledAt == null || status === 'done') return undefined
    return { nasname: router.tunnelAddress, shortname: address.id, type: 'other', secret: secrets.radius(address, router.secretVersion), description: router.name }
  }
  return (change) => {
    const now = row(change)
    const before = row({ address: change.address, context: change.previousContext, status: 'active' })
    if (JSON.stringify(now) === JSON.stringify(before)) return []
    return [{ table: 'radius.nas', key: { shortname: change.address.id }, rows: now === undefined ? [] : [now] }]
  }
}

function instant(at: number): string {
  return new Date(at).toISOString()
}
