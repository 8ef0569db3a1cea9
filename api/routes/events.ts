/** Sending events, one or many. This is the hot path: no work here that is not needed for the answer. */
import { z } from 'zod'
import { demand, forbidden, type Principal } from '../auth/principal.ts'
import { permissionToSend } from '../auth/send-rules.ts'
import type { App } from '../app-type.ts'
import type { BatchItemResult, EventObject, Runtime } from '../../runtime/index.ts'
import { problemOf } from '../http/error-handler.ts'
import { etagOf, idempotencyKey, ifMatchSeq } from '../http/headers.ts'
import { traceIdOf } from '../http/trace.ts'
import type { EventTeller } from '../payments/event-teller.ts'
import { pointingAtReceipt } from '../payments/receipt-use.ts'
import { lensFor } from '../privacy/lens.ts'
import { batchBody, factView, sendResult } from '../schemas/actor.ts'
import { actorParams, eventBody, noQuery } from '../schemas/common.ts'
import { problemSchema, staffProblems } from '../schemas/problem.ts'

const BATCH_BYTES_MAX = 8 * 1_024 * 1_024

const batchResult = z.object({
  data: z.array(
    z.union([
      z.object({ outcome: z.enum(['applied', 'duplicate']), seq: z.int(), facts: z.array(factView) }),
      z.object({ outcome: z.literal('failed'), problem: problemSchema }),
    ]),
  ),
})

export function eventRoutes(app: App, runtime: Runtime, teller: EventTeller): void {
  app.post(
    '/actors/:type/:id/events',
    {
      config: { permission: 'send', bodyProblem: 'invalid-event', audited: 'refused' },
      schema: {
        tags: ['events'],
        summary: 'Send one event and wait for its commit',
        description: 'Headers: `Idempotency-Key` is the event id, `If-Match: "<seq>"` guards against acting on what is out of date.',
        params: actorParams,
        querystring: noQuery,
        body: eventBody,
        response: {
          200: sendResult,
          ...staffProblems(
            'actor-type-unknown', 'actor-not-found', 'event-not-accepted', 'actor-done', 'stale-version', 'payload-too-large', 'unsupported-media-type', 'invalid-event',
            'idempotency-mismatch', 'actor-blocked', 'step-failed', 'package-unknown', 'subscription-unknown', 'second-key-needed',
          ),
        },
      },
    },
    async (request, reply) => {
      const { principal, body } = request
      const { type, id } = request.params
      demand(principal, permissionToSend(type, body.type))
      const eventId = idempotencyKey(request)
      const ifSeq = ifMatchSeq(request)
      const correlationId = traceIdOf(request.headers)
      const to = { tenant: principal.tenant, type, id }
      const [{ event } = { event: body }] = await teller.tell(principal, [{ to, event: body, ...(eventId === undefined ? {} : { eventId }) }])
      const sending = runtime.send(to, event, {
        source: principal.source,
        ...(eventId === undefined ? {} : { eventId, checkBody: true }),
        ...(ifSeq === undefined ? {} : { ifSeq }),
        ...(correlationId === undefined ? {} : { correlationId }),
      })
      const result = await sending.catch((error: unknown) => {
        throw pointingAtReceipt(error, event)
      })
      if (result.outcome === 'duplicate') reply.header('idempotency-replayed', 'true')
      reply.header('etag', etagOf(result.actor.seq))
      return lensFor(principal, runtime.definition(type)).sent(result)
    },
  )

  app.post(
    '/events',
    {
      bodyLimit: BATCH_BYTES_MAX,
      config: { permission: 'send', audited: 'refused' },
      schema: {
        tags: ['events'],
        summary: 'Send up to 1,000 events; each has its own outcome, in order',
        querystring: noQuery,
        body: batchBody,
        response: { 200: batchResult, ...staffProblems('payload-too-large', 'unsupported-media-type') },
      },
    },
    async (request) => {
      const { principal } = request
      const items = request.body.events
      const refused = items.map((item) => refusalOf(principal, item))
      const allowed = items.filter((_item, index) => refused[index] === undefined)
      const correlationId = traceIdOf(request.headers)
      const told = await teller.tellEach(
        principal,
        allowed.map(({ type, id, event, eventId }) => ({ to: { tenant: principal.tenant, type, id }, event, ...(eventId === undefined ? {} : { eventId }) })),
      )
      const ready = told.flatMap((one) => ('to' in one ? [one] : []))
      const sent = await runtime.sendMany(ready, { source: principal.source, checkBody: true, ...(correlationId === undefined ? {} : { correlationId }) })
      let nextSent = 0
      const results = told.map((one): BatchItemResult => {
        if (!('to' in one)) return { ok: false, error: one }
        const result = sent[nextSent++] ?? missingResult
        return result.ok ? result : { ok: false, error: pointingAtReceipt(result.error, one.event) as Error }
      })
      let next = 0
      return { data: items.map((item, index) => outcomeOf(item.type, refused[index] ?? results[next++] ?? missingResult)) }

      function outcomeOf(type: string, result: BatchItemResult) {
        if (!result.ok) return { outcome: 'failed' as const, problem: problemOf(result.error, request) }
        const { outcome, seq, facts } = result.result
        return { outcome, seq, facts: lensFor(principal, runtime.definition(type)).payload(facts) }
      }
    },
  )
}

const missingResult: BatchItemResult = { ok: false, error: new Error('the runtime gave fewer results than it was given events') }

function refusalOf(principal: Principal, { type, event }: { type: string; event: EventObject }): BatchItemResult | undefined {
  const permission = permissionToSend(type, event.type)
  return principal.permissions.has(permission) ? undefined : { ok: false, error: forbidden(permission) }
}
