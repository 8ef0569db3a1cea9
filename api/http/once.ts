/** What an Idempotency-Key makes of a creation: repeated, it is the same actor under the same id; with another body it is refused (R3). */
import type { FastifyRequest } from 'fastify'
import type { ActorDefinition } from '../../runtime/index.ts'
import { derivedId } from '../derived-id.ts'
import { idempotencyKey } from './headers.ts'

export interface Once {
  /** The key as it was given. */
  eventId?: string
  /** Of the actor, unless the caller names one. */
  id?: string
  /** For `runtime.create`. */
  options: { eventId?: string; checkBody?: boolean }
}

/** Without a key nothing is said: each request makes an actor of its own. @throws Problem for a key that is none */
export function onceOnly(request: FastifyRequest, definition: ActorDefinition, tenant: string): Once {
  const eventId = idempotencyKey(request)
  return eventId === undefined ? { options: {} } : { eventId, id: derivedId(definition, tenant, eventId), options: { eventId, checkBody: true } }
}
