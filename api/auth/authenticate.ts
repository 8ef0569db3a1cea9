/** The check in front of every staff route: a known key, and the permission that the route names. */
import type { FastifyReply, FastifyRequest } from 'fastify'
import { Problem } from '../http/problem.ts'
import type { KeyCache } from './key-cache.ts'
import type { Permission } from './permissions.ts'
import { forbidden, type Principal } from './principal.ts'

declare module 'fastify' {
  interface FastifyRequest {
    /** Set on every route behind {@link authenticator}. */
    principal: Principal
  }
  interface FastifyContextConfig {
    /** What the caller must be allowed to do. A route behind the check that names none is open to no one. */
    permission?: Permission
  }
}

const BEARER = /^Bearer +([\x21-\x7e]{1,512})$/i

/** The API key of an `Authorization` header; undefined when it holds none. */
export function bearerKey(authorization: string | undefined): string | undefined {
  return BEARER.exec(authorization ?? '')?.[1]
}

export function unknownKey(): Problem {
  return new Problem('unauthenticated', 'This API key is not known, has expired or was revoked.')
}

/** An onRequest hook in callback form: a cached key costs no turn of the event loop. */
export function authenticator(keys: KeyCache) {
  return function authenticate(request: FastifyRequest, _reply: FastifyReply, done: (error?: Error) => void): void {
    const key = bearerKey(request.headers.authorization)
    if (key === undefined) {
      done(new Problem('unauthenticated', 'Send `Authorization: Bearer <api key>`.'))
      return
    }
    const found = keys.lookUp(key)
    if (found instanceof Promise) found.then((principal) => done(admit(request, principal)), done)
    else done(admit(request, found))
  }
}

function admit(request: FastifyRequest, principal: Principal | undefined): Problem | undefined {
  if (principal === undefined) return unknownKey()
  request.principal = principal
  const needed = request.routeOptions.config.permission
  if (needed === undefined) return new Problem('forbidden')
  return principal.permissions.has(needed) ? undefined : forbidden(needed)
}
