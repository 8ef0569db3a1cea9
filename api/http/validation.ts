/** Checks requests by zod, and turns what it found into JSON pointers with a sentence each. */
import type { FastifySchemaCompiler } from 'fastify'
import type { z } from 'zod'
import type { FieldError } from '../../runtime/index.ts'
import { Problem } from './problem.ts'

/** More would only be noise, and a hostile body could make thousands. */
const ERRORS_MAX = 50

/** Where the part stands that was refused; the body needs no saying. */
type Place = 'query' | 'path' | 'header'
const PLACES: Readonly<Record<string, Place>> = { querystring: 'query', params: 'path', headers: 'header' }

export const validatorCompiler: FastifySchemaCompiler<z.ZodType> = ({ schema, httpPart }) => {
  const place = PLACES[httpPart ?? '']
  return (data) => {
    const result = schema.safeParse(data)
    if (result.success) return { value: result.data }
    return { error: new Problem('invalid-input', undefined, { errors: fieldErrors(result.error.issues, place) }) }
  }
}

/** One entry a field; `place` says where it stands when that is not the body. */
export function fieldErrors(issues: readonly z.core.$ZodIssue[], place?: Place): (FieldError & { in?: Place })[] {
  return issues
    .flatMap((issue) => entriesOf(issue).map((entry) => (place === undefined ? entry : { ...entry, in: place })))
    .slice(0, ERRORS_MAX)
}

/** zod reports all unknown fields of an object in one issue; a pointer each is of more use. */
function entriesOf(issue: z.core.$ZodIssue): FieldError[] {
  const at = pointerOf(issue.path)
  if (issue.code !== 'unrecognized_keys') return [{ pointer: at, detail: issue.message }]
  return issue.keys.slice(0, ERRORS_MAX).map((key) => ({ pointer: at + pointerOf([key]), detail: 'There is no field of this name here.' }))
}

/** RFC 6901; empty for the whole. */
export function pointerOf(path: readonly PropertyKey[]): string {
  return path.map((segment) => `/${String(segment).replaceAll('~', '~0').replaceAll('/', '~1')}`).join('')
}
