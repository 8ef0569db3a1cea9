/**
 * Reads JSON bodies. Depth is bounded before parsing: whatever comes after (validation, masking, storing)
 * walks the value recursively, and a body of brackets alone would overflow the stack there.
 */
import type { FastifyInstance } from 'fastify'
import { problemInJson } from './control-characters.ts'
import { Problem } from './problem.ts'

const JSON_DEPTH_MAX = 64

/** JSON is the only form that is taken; anything else is `unsupported-media-type`. */
export function useJsonBodies(app: FastifyInstance): void {
  const parse = app.getDefaultJsonParser('error', 'error')
  app.removeAllContentTypeParsers()
  app.addContentTypeParser('application/json', { parseAs: 'string' }, (request, body, done) => {
    const text = body as string
    if (isTooDeep(text)) {
      done(new Problem('invalid-input', `JSON may be nested ${JSON_DEPTH_MAX} levels deep at most.`))
      return
    }
    void parse(request, text, (error, value) => done(error ?? problemInJson(text, value) ?? null, value))
  })
}

/** Brackets inside of strings do not count. */
export function isTooDeep(text: string): boolean {
  // Opening and closing so many takes twice as many characters.
  if (text.length < JSON_DEPTH_MAX * 2) return false
  let depth = 0
  let inString = false
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i)
    if (inString) {
      if (code === BACKSLASH) i++
      else if (code === QUOTE) inString = false
    } else if (code === QUOTE) inString = true
    else if (code === OPEN_BRACE || code === OPEN_BRACKET) {
      if (++depth > JSON_DEPTH_MAX) return true
    } else if (code === CLOSE_BRACE || code === CLOSE_BRACKET) depth--
  }
  return false
}

const QUOTE = 0x22
const BACKSLASH = 0x5c
const OPEN_BRACKET = 0x5b
const CLOSE_BRACKET = 0x5d
const OPEN_BRACE = 0x7b
const CLOSE_BRACE = 0x7d
