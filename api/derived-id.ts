/** The id of an actor that is created under an idempotency key, without one of the caller's. */
import { createHash } from 'node:crypto'
import type { ActorDefinition } from '../runtime/index.ts'

/** 128 bits: the chance that two keys give one id is nil, and the id stays readable. */
const DERIVED_ID_CHARS = 32

/** The same Idempotency-Key without an id means the same actor, so it must give the same id. */
export function derivedId({ type, idPrefix }: ActorDefinition, tenant: string, key: string): string {
  const hash = createHash('sha256').update(`${tenant}\0${type}\0${key}`).digest('hex')
  return `${idPrefix ?? type}_${hash.slice(0, DERIVED_ID_CHARS)}`
}
