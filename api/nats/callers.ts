/**
 * Who is calling over NATS. The broker has decided already who may publish what: its account's subject permissions are the
 * authorisation, and with the tenant in the subject of a command they part the tenants. Whoever got through may do what a REST key of
 * the role `integration` may; an API key in the header `authorization` of a call takes that key's roles and tenant instead.
 */
import { bearerKey, unknownKey } from '../auth/authenticate.ts'
import { Problem } from '../http/problem.ts'
import type { KeyCache } from '../auth/key-cache.ts'
import { permissionsOf } from '../auth/permissions.ts'
import type { Principal } from '../auth/principal.ts'

const PERMISSIONS = permissionsOf(['integration'])

export function integrationOf(tenant: string): Principal {
  return { keyId: 'nats', tenant, permissions: PERMISSIONS, source: 'nats', by: 'nats', expiresAt: null }
}

/** @throws Problem `unauthenticated` for a key that is not known, `forbidden` for another tenant than the key's. */
export async function callerOf(keys: KeyCache, authorization: string | undefined, tenant: string | undefined): Promise<Principal> {
  if (authorization === undefined) return integrationOf(tenant ?? 'main')
  const key = bearerKey(authorization)
  const principal = key === undefined ? undefined : await keys.lookUp(key)
  if (principal === undefined) throw unknownKey()
  if (tenant !== undefined && tenant !== principal.tenant) throw new Problem('forbidden', 'This key is of another tenant.')
  return principal
}
