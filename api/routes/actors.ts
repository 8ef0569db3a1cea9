/** Creating and reading actors. */
import { z } from 'zod'
import { permissionToCreate } from '../auth/send-rules.ts'
import { demand } from '../auth/principal.ts'
import type { SecondKey } from '../approvals/second-key.ts'
import type { App } from '../app-type.ts'
import { StandingError, type ActorView, type Runtime } from '../../runtime/index.ts'
import { decodeTextCursor, encodeCursor } from '../http/cursor.ts'
import { demandKnown } from '../http/known.ts'
import { etagOf, matchesIfNoneMatch } from '../http/headers.ts'
import { onceOnly } from '../http/once.ts'
import { traceIdOf } from '../http/trace.ts'
import { stateIds, stateTags } from '../machines/describe.ts'
import type { AppDeps } from '../deps.ts'
import { admittedInput } from '../payments/admitted-input.ts'
import { explainRefusedPayment } from '../payments/open-prompt.ts'
import { lensFor } from '../privacy/lens.ts'
import { actorStatus, actorView, createBody } from '../schemas/actor.ts'
import { actorParams, instant, noQuery, page, pageQuery, typeParams, wholeNumber } from '../schemas/common.ts'
import { staffProblems } from '../schemas/problem.ts'

const listQuery = z.strictObject({
  ...pageQuery,
  state: z.string().min(1).max(200).optional().describe('any active state id'),
  tag: z.string().min(1).max(200).optional(),
  status: actorStatus.optional(),
  updatedSince: instant.optional(),
})

const readQuery = z
  .strictObject({ at: instant.optional().describe('the actor as it was then'), seq: wholeNumber(1, Number.MAX_SAFE_INTEGER).optional().describe('the actor as it was after this step') })
  .refine(({ at, seq }) => at === undefined || seq === undefined, { path: ['at'], message: 'Give at or seq, not both.' })

export function actorRoutes(app: App, { runtime, openPrompts, packages }: Pick<AppDeps, 'runtime' | 'openPrompts' | 'packages'>, gate: SecondKey): void {
  app.post(
    '/actors/:type',
    {
      config: { permission: 'create', audited: 'refused' },
      schema: {
        tags: ['actors'],
        summary: 'Create an actor',
        description: 'What is worth much takes a second key: a payment by `cash` or `c2b`, a batch of vouchers, a hotspot session that nobody paid for: `second-key-needed`, then `POST /api/v1/approvals`. So does a subscription whose plan is not on the price list as it is given: make it with one that is, and ask for `subscription.changePackage`.',
        params: typeParams,
        querystring: noQuery,
        body: createBody,
        response: { 201: actorView, ...staffProblems('actor-type-unknown', 'actor-exists', 'prompt-open', 'package-unknown', 'subscription-unknown', 'payload-too-large', 'unsupported-media-type', 'idempotency-mismatch', 'second-key-needed') },
      },
    },
    async (request, reply) => {
      const { principal } = request
      const { type } = request.params
      const definition = definitionOf(runtime, type)
      demand(principal, permissionToCreate(type))
      const once = onceOnly(request, definition, principal.tenant)
      const id = request.body.id ?? once.id
      const correlationId = traceIdOf(request.headers)
      const input = await admittedInput({ runtime, packages, gate }, { tenant: principal.tenant, type, id, eventId: once.eventId, input: request.body.input })
      const view = await runtime
        .create({ tenant: principal.tenant, type, ...(id === undefined ? {} : { id }) }, input, {
          source: principal.source,
          ...once.options,
          ...(correlationId === undefined ? {} : { correlationId }),
        })
        .catch(async (error: unknown) => {
          if (type === 'payment') await explainRefusedPayment(openPrompts, { tenant: principal.tenant, id, input }, error)
          throw pointingIntoBody(error)
        })
      reply.code(201).header('location', `/api/v1/actors/${view.type}/${encodeURIComponent(view.id)}`).header('etag', etagOf(view.seq))
      return lensFor(principal, definition).view(view)
    },
  )

  app.get(
    '/actors/:type',
    {
      config: { permission: 'read' },
      schema: { tags: ['actors'], summary: 'List actors of a type', params: typeParams, querystring: listQuery, response: { 200: page(actorView), ...staffProblems('actor-type-unknown') } },
    },
    async (request) => {
      const { type } = request.params
      const { limit, cursor, state, tag, status, updatedSince } = request.query
      const definition = definitionOf(runtime, type)
      demandKnown(state, stateIds(definition), '/state', 'query')
      demandKnown(tag, stateTags(definition), '/tag', 'query')
      const lens = lensFor(request.principal, definition)
      const { data, nextCursor } = await runtime.list({
        tenant: request.principal.tenant,
        type,
        state,
        tag,
        status,
        updatedSince: updatedSince === undefined ? undefined : Date.parse(updatedSince),
        limit,
        afterId: decodeTextCursor('actors', cursor),
      })
      return { data: data.map(lens.view), nextCursor: nextCursor === null ? null : encodeCursor('actors', nextCursor) }
    },
  )

  app.get(
    '/actors/:type/:id',
    {
      config: { permission: 'read' },
      schema: { tags: ['actors'], summary: 'Read an actor, as it is or as it was', params: actorParams, querystring: readQuery, response: { 200: actorView, 304: z.null().describe('Not modified'), ...staffProblems('actor-type-unknown', 'actor-not-found') } },
    },
    async (request, reply) => {
      const { type, id } = request.params
      const definition = definitionOf(runtime, type)
      const view = await read({ tenant: request.principal.tenant, type, id }, request.query)
      if (view === undefined) throw new StandingError('actor-not-found', `There is no ${type} '${id}' (at that point).`)
      const etag = etagOf(view.seq)
      reply.header('etag', etag)
      if (matchesIfNoneMatch(request, etag)) return reply.code(304).send(null)
      return lensFor(request.principal, definition).view(view)

      async function read(address: { tenant: string; type: string; id: string }, query: z.output<typeof readQuery>): Promise<ActorView | undefined> {
        if (query.seq === undefined && query.at === undefined) return runtime.get(address)
        demand(request.principal, 'history')
        if (query.seq === undefined) return runtime.getAsOf(address, { at: Date.parse(query.at ?? '') })
        const then = await runtime.getAsOf(address, { seq: query.seq })
        // A step that has not been taken yet: the actor as it is now would be taken for what it will be.
        return then === undefined || then.seq < query.seq ? undefined : then
      }
    },
  )
}

/** The engine points into the input; the caller sent it as a member of the body. */
function pointingIntoBody(error: unknown): unknown {
  if (!(error instanceof StandingError) || error.code !== 'invalid-input' || error.details.errors === undefined) return error
  const errors = error.details.errors.map(({ pointer, detail }) => ({ pointer: `/input${pointer}`, detail }))
  return new StandingError(error.code, error.message, { ...error.details, errors })
}

/** @throws StandingError `actor-type-unknown` */
export function definitionOf(runtime: Pick<Runtime, 'definition'>, type: string) {
  const definition = runtime.definition(type)
  if (definition === undefined) throw new StandingError('actor-type-unknown', `There is no actor type '${type}'.`)
  return definition
}
