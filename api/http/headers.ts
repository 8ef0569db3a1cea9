/** Reads the request headers that guard and repeat calls: Idempotency-Key, If-Match, If-None-Match. */
import type { FastifyRequest } from 'fastify'
import { Problem } from './problem.ts'

const KEY_CHARS_MAX = 255
/** A structured-field string (RFC 8941): printable ASCII, quote and backslash escaped. */
const QUOTED = /^"((?:[\x20-\x21\x23-\x5b\x5d-\x7e]|\\["\\])*)"$/
const UNQUOTED = /^[\x21-\x7e]+$/
const STRONG_ETAG = /^"(\d{1,15})"$/

/** The key, with or without quotes: `"a"` and `a` are the same one. */
export function idempotencyKey(request: FastifyRequest): string | undefined {
  const header = request.headers['idempotency-key']
  if (header === undefined) return undefined
  const text = Array.isArray(header) ? header.join(',') : header
  const key = QUOTED.exec(text)?.[1]?.replace(/\\(["\\])/g, '$1') ?? (UNQUOTED.test(text) && !text.startsWith('"') ? text : '')
  if (key.trim() === '' || key.length > KEY_CHARS_MAX) {
    throw headerProblem('Idempotency-Key', `1 to ${KEY_CHARS_MAX} printable characters, such as a quoted UUID`)
  }
  return key
}

/** Strong: the seq changes with every step. */
export function etagOf(seq: number): string {
  return `"${seq}"`
}

/** The seq of `If-Match: "<seq>"`; `*` guards nothing, for an actor that does not exist is refused anyway. */
export function ifMatchSeq(request: FastifyRequest): number | undefined {
  const header = request.headers['if-match']
  if (header === undefined || header === '*') return undefined
  const seq = STRONG_ETAG.exec(header)?.[1]
  if (seq === undefined) throw headerProblem('If-Match', 'one strong entity tag, as in the ETag header, such as "7"')
  return Number(seq)
}

/** Whether the client has this version already. */
export function matchesIfNoneMatch(request: FastifyRequest, etag: string): boolean {
  const header = request.headers['if-none-match']
  if (header === undefined) return false
  return header === '*' || header.split(',').some((one) => one.trim().replace(/^W\//, '') === etag)
}

function headerProblem(name: string, expected: string): Problem {
  return new Problem('invalid-input', `The header ${name} must be ${expected}.`, { errors: [{ pointer: `/${name.toLowerCase()}`, detail: `must be ${expected}`, in: 'header' }] })
}
