/** One actor's past, and what it could do next: history, next, dry run. */
import { z } from 'zod'
import type { App } from '../app-type.ts'
import type { Runtime } from '../../runtime/index.ts'
import { cutPage, decodeNumberCursor, encodeCursor } from '../http/cursor.ts'
import type { EventTeller } from '../payments/event-teller.ts'
import { lensFor } from '../privacy/lens.ts'
import { dryRunView, historyEntry, nextView } from '../schemas/actor.ts'
import { actorParams, eventBody, noQuery, page, pageQuery } from '../schemas/common.ts'
import { staffProblems } from '../schemas/problem.ts'
import { definitionOf } from './actors.ts'

const historyQuery = z.strictObject({ ...pageQuery, order: z.enum(['asc', 'desc']).default('asc') })

export function insightRoutes(app: App, runtime: Runtime, teller: EventTeller): void {
  app.get(
    '/actors/:type/:id/history',
    {
      config: { permission: 'history' },
      schema: { tags: ['actors'], summary: 'The journal of an actor', params: actorParams, querystring: historyQuery, response: { 200: page(historyEntry), ...staffProblems('actor-type-unknown', 'actor-not-found') } },
    },
    async (request) => {
      const { type, id } = request.params
      const { limit, cursor, order } = request.query
      const lens = lensFor(request.principal, definitionOf(runtime, type))
      const kind = `history-${order}`
      const afterSeq = decodeNumberCursor(kind, cursor)
      const entries = await runtime.history({ tenant: request.principal.tenant, type, id }, { limit: limit + 1, order, ...(afterSeq === undefined ? {} : { afterSeq }) })
      const { data, nextCursor } = cutPage(entries, limit, ({ seq }) => encodeCursor(kind, seq))
      return { data: data.map(lens.history), nextCursor }
    },
  )

  app.get(
    '/actors/:type/:id/next',
    {
      config: { permission: 'read' },
      schema: { tags: ['actors'], summary: 'What could happen next, and what not and why', params: actorParams, querystring: noQuery, response: { 200: nextView, ...staffProblems('actor-type-unknown', 'actor-not-found') } },
    },
    async (request) => runtime.next({ tenant: request.principal.tenant, ...request.params }),
  )

  app.post(
    '/actors/:type/:id/dry-run',
    {
      config: { permission: 'simulate', bodyProblem: 'invalid-event' },
      schema: {
        tags: ['events'],
        summary: 'What an event would do; nothing is stored',
        params: actorParams,
        querystring: noQuery,
        body: eventBody,
        response: { 200: dryRunView, ...staffProblems('actor-type-unknown', 'actor-not-found', 'actor-done', 'actor-blocked', 'invalid-event', 'payload-too-large', 'unsupported-media-type', 'step-failed', 'package-unknown', 'subscription-unknown') },
      },
    },
    async (request) => {
      const { type, id } = request.params
      const lens = lensFor(request.principal, definitionOf(runtime, type))
      const to = { tenant: request.principal.tenant, type, id }
      const [{ event } = { event: request.body }] = await teller.rehearse(request.principal, [{ to, event: request.body }])
      return lens.dryRun(await runtime.dryRun(to, event))
    },
  )
}
