/** The OpenAPI 3.1 document, made from the same schemas that check the requests. */
import swagger from '@fastify/swagger'
import { createJsonSchemaTransform, createJsonSchemaTransformObject } from 'fastify-type-provider-zod'
import type { FastifySchema } from 'fastify'
import type { App } from './app-type.ts'
import type { Permission } from './auth/permissions.ts'

/** Fields may be added to what we answer (contract.md), so no generated client may reject unknown ones. */
const zodToJsonConfig = {
  override: ({ zodSchema, jsonSchema }: { zodSchema: { _zod: { def: { type: string; catchall?: unknown } } }; jsonSchema: { additionalProperties?: unknown } }) => {
    const { def } = zodSchema._zod
    if (def.type === 'object' && def.catchall === undefined && jsonSchema.additionalProperties === false) delete jsonSchema.additionalProperties
  },
}

const transform = createJsonSchemaTransform({ zodToJsonConfig })

/** Must be registered before the routes: it watches them being added. */
export async function useOpenApi(app: App): Promise<void> {
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'Standing',
        version: '1',
        description: 'Every payment, session and service is a durable actor. Errors are RFC 9457 problems with a stable `code`. Times are RFC 3339 UTC.',
      },
      components: { securitySchemes: { apiKey: { type: 'http', scheme: 'bearer' } } },
    },
    transform: (document) => {
      const { schema, url } = transform(document)
      const permission = (document.route.config as { permission?: Permission } | undefined)?.permission
      if (permission === undefined || schema === undefined) return { schema, url }
      return { schema: { ...schema, security: [{ apiKey: [] }], 'x-permission': permission } as FastifySchema, url }
    },
    transformObject: createJsonSchemaTransformObject({ zodToJsonConfig }),
  })
}

export function openApiRoute(app: App): void {
  let text: string | undefined
  app.get('/openapi.json', { schema: { hide: true } }, (_request, reply) => {
    text ??= JSON.stringify(app.swagger())
    void reply.type('application/json').serializer(String).send(text)
  })
}
