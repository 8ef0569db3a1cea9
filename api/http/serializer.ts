/**
 * Writes answers as JSON. They are not checked against their schemas: that would cost every request what only a
 * programming error needs. Tests turn the check on (`strictResponses`), so that the OpenAPI document stays true.
 */
import type { FastifySerializerCompiler } from 'fastify'
import { z } from 'zod'

export function serializerFor(isStrict: boolean): FastifySerializerCompiler<unknown> {
  if (!isStrict) return () => (data) => JSON.stringify(data)
  return ({ schema, method, url }) =>
    (data) => {
      const text = JSON.stringify(data)
      const result = schema instanceof z.ZodType ? schema.safeParse(JSON.parse(text)) : undefined
      if (result?.success === false) throw new Error(`the answer of ${method} ${url} does not fit its schema: ${z.prettifyError(result.error)}`)
      return text
    }
}
