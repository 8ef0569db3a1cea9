/**
 * One rule for addresses and JSON bodies. A path or query holds no control characters: nothing here is called so. A body
 * holds no NUL, which a database does not take, and no half of a surrogate pair, which is no character; what else a text
 * may hold its schema says.
 */
import type { FastifyInstance } from 'fastify'
import { PRINTABLE, NOT_PRINTABLE } from '../../machines/printable.ts'
import { Problem, type ProblemCode } from './problem.ts'
import { pointerOf } from './validation.ts'

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Web hooks: whatever comes is stored. */
    takesAnything?: true
  }
}

/** Nobody and nothing is called so: the answer of each part of a path that leads nowhere. */
const NOBODY: Readonly<Record<string, ProblemCode>> = {
  type: 'actor-type-unknown',
  id: 'actor-not-found',
  timerId: 'timer-not-found',
  eventId: 'parked-not-found',
  key: 'effect-not-found',
  payment_id: 'payment-not-found',
}

/** After the key check, before anything else looks at the request. */
export function usePlainAddresses(app: FastifyInstance): void {
  app.addHook('preValidation', (request, _reply, done) => {
    done(request.is404 || request.routeOptions.config.takesAnything === true ? undefined : problemIn(request.params, request.query))
  })
}

function problemIn(params: unknown, query: unknown): Problem | undefined {
  const part = Object.entries(params as object).find(([, value]) => !isPlain(value))?.[0]
  if (part !== undefined) return new Problem(NOBODY[part] ?? 'route-not-found')
  const odd = Object.entries(query as object).filter(([, value]) => !isPlain(value))
  if (odd.length === 0) return undefined
  return new Problem('invalid-input', undefined, { errors: odd.map(([name]) => ({ pointer: pointerOf([name]), detail: NOT_PRINTABLE, in: 'query' })) })
}

/** Of a name that is given several times there is a list. */
function isPlain(value: unknown): boolean {
  return [value].flat().every((one) => typeof one !== 'string' || PRINTABLE.test(one))
}

/** Such a character can only stand in JSON as an escape: without one there is nothing to look for. */
const ESCAPED = /\\u(?:0000|d[89a-f])/i
const REFUSED = /[\0\p{Cs}]/u

/** @returns a problem that points at the first text which cannot be stored */
export function problemInJson(text: string, value: unknown): Problem | undefined {
  const path = ESCAPED.test(text) ? findRefused(value) : undefined
  return path && new Problem('invalid-input', undefined, { errors: [{ pointer: pointerOf(path), detail: 'must hold no NUL and no half of a character' }] })
}

function findRefused(value: unknown): string[] | undefined {
  if (typeof value === 'string') return REFUSED.test(value) ? [] : undefined
  if (typeof value !== 'object' || value === null) return undefined
  for (const [name, inner] of Object.entries(value)) {
    if (REFUSED.test(name)) return []
    const path = findRefused(inner)
    if (path !== undefined) return [name, ...path]
  }
  return undefined
}
