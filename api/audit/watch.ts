/** Has every request behind a key taken down, but those that the journal tells of and those about nobody. */
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { App } from '../app-type.ts'
import type { Permission } from '../auth/permissions.ts'
import type { Audited } from '../ports/audit.ts'
import { actorOf, askedOf, reasonOf } from './asked.ts'
import type { AuditTrail } from './trail.ts'

declare module 'fastify' {
  interface FastifyContextConfig {
    /**
     * What the audit takes down of this route. `refused`: only what was refused, since the journal has what was done, or because it shows
     * nobody's data. `opening`: when it begins, for it may last for days. `change`: all of it, as a change of what is no actor.
     */
    audited?: 'refused' | 'opening' | 'change'
  }
}

/** After the check of the key: a request of nobody is nobody's. */
export function watch(app: App, trail: AuditTrail): void {
  app.addHook('preHandler', (request, _reply, done) => {
    trail.demandRoom()
    if (request.routeOptions.config.audited === 'opening') take(request, null)
    done()
  })
  app.addHook('onResponse', (request, reply: FastifyReply, done) => {
    const { audited } = request.routeOptions.config
    const isRefused = reply.statusCode >= 400
    if (audited === undefined || audited === 'change' || isRefused) take(request, reply.statusCode)
    done()
  })

  function take(request: FastifyRequest, status: number | null): void {
    const { principal, routeOptions } = request
    // The key was not known.
    if ((principal as typeof principal | undefined) === undefined) return
    const { permission, audited } = routeOptions.config
    const pattern = routeOptions.url ?? ''
    const what = audited === 'change' ? 'change' : whatOf(request.method, pattern, permission)
    trail.record({
      tenant: principal.tenant,
      keyId: principal.keyId,
      what,
      action: `${request.method} ${pattern}`,
      actor: actorOf(pattern, request.params),
      asked: askedOf(request.params, request.query),
      status,
      unmasked: (what === 'read' || what === 'simulate') && principal.permissions.has('personal') && (status === null || status < 400),
      reason: reasonOf(request.body),
      requestId: request.id,
    })
  }
}

const BY_PERMISSION: Partial<Record<Permission, Audited>> = { read: 'read', history: 'read', simulate: 'simulate', steer: 'intervene', repair: 'intervene', create: 'command', send: 'command', money: 'command' }

function whatOf(method: string, pattern: string, permission: Permission | undefined): Audited {
  if (permission === 'simulate' || pattern.endsWith('/dry-run')) return 'simulate'
  if (method === 'GET' || method === 'HEAD') return 'read'
  return (permission === undefined ? undefined : BY_PERMISSION[permission]) ?? 'change'
}
