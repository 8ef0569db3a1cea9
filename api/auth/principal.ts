/** Who is calling. */
import { permissionsOf, type Permission } from './permissions.ts'
import type { ApiKey } from '../ports/api-keys.ts'
import { Problem } from '../http/problem.ts'

export interface Principal {
  keyId: string
  tenant: string
  permissions: ReadonlySet<Permission>
  /** For the journal's `source`. */
  source: string
  /** For staff actions' `by`. */
  by: string
  expiresAt: number | null
}

export function principalOf(key: ApiKey): Principal {
  return {
    keyId: key.id,
    tenant: key.tenant,
    permissions: permissionsOf(key.roles),
    source: `rest:${key.id}`,
    by: `key:${key.id}`,
    expiresAt: key.expiresAt ?? null,
  }
}

/** @throws Problem `forbidden` */
export function demand(principal: Principal, permission: Permission): void {
  if (!principal.permissions.has(permission)) throw forbidden(permission)
}

export function forbidden(permission: Permission): Problem {
  return new Problem('forbidden', `This needs the permission '${permission}', which no role of this key has.`, { extra: { permission } })
}
