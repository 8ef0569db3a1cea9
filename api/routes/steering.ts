/** What senior staff do to one actor by hand: move or fire a timer, hold and release. All of it is journaled. */
import { z } from 'zod'
import type { App } from '../app-type.ts'
import type { Runtime } from '../../runtime/index.ts'
import { lensFor } from '../privacy/lens.ts'
import { actorView, sendResult, timerView } from '../schemas/actor.ts'
import { actorParams, instant, noQuery, reasonBody } from '../schemas/common.ts'
import { staffProblems } from '../schemas/problem.ts'

const timerParams = z.object({ ...actorParams.shape, timerId: z.string() })
const moveBody = z.strictObject({ dueAt: instant, ...reasonBody.shape })

export function steeringRoutes(app: App, runtime: Runtime): void {
  app.get(
    '/actors/:type/:id/timers',
    {
      config: { permission: 'read' },
      schema: { tags: ['timers'], summary: 'Armed timers', params: actorParams, querystring: noQuery, response: { 200: z.object({ data: z.array(timerView) }), ...staffProblems('actor-type-unknown', 'actor-not-found') } },
    },
    async (request) => ({ data: await runtime.timers({ tenant: request.principal.tenant, ...request.params }) }),
  )

  app.patch(
    '/actors/:type/:id/timers/:timerId',
    {
      config: { permission: 'steer', audited: 'refused' },
      schema: {
        tags: ['timers'],
        summary: 'Move a timer',
        description: 'One whose moment is a fact of the record, such as the end of the time that was paid for, stays where it is (`timer-fixed`): the problem says what moves the fact.',
        params: timerParams,
        querystring: noQuery,
        body: moveBody,
        response: { 200: actorView, ...staffProblems('actor-type-unknown', 'actor-not-found', 'timer-not-found', 'timer-fixed', 'unsupported-media-type') },
      },
    },
    async ({ principal, params: { type, id, timerId }, body: { dueAt, reason } }) => {
      const view = await runtime.moveTimer({ tenant: principal.tenant, type, id }, timerId, Date.parse(dueAt), { reason, by: principal.by })
      return lensFor(principal, runtime.definition(type)).view(view)
    },
  )

  app.post(
    '/actors/:type/:id/timers/:timerId/fire',
    {
      config: { permission: 'steer', audited: 'refused' },
      schema: { tags: ['timers'], summary: 'Fire a timer now', params: timerParams, querystring: noQuery, body: reasonBody, response: { 200: sendResult, ...staffProblems('actor-type-unknown', 'actor-not-found', 'timer-not-found', 'actor-blocked', 'step-failed', 'unsupported-media-type') } },
    },
    async ({ principal, params: { type, id, timerId }, body: { reason } }) => {
      const result = await runtime.fireTimer({ tenant: principal.tenant, type, id }, timerId, { reason, by: principal.by })
      return lensFor(principal, runtime.definition(type)).sent(result)
    },
  )

  for (const action of ['block', 'unblock'] as const) {
    app.post(
      `/actors/:type/:id/${action}`,
      {
        config: { permission: 'steer', audited: 'refused' },
        schema: {
          tags: ['actors'],
          summary: action === 'block' ? 'Hold an actor; its events wait' : 'Release a held actor',
          params: actorParams,
          querystring: noQuery,
          body: reasonBody,
          response: { 200: actorView, ...staffProblems('actor-type-unknown', 'actor-not-found', 'actor-done', 'unsupported-media-type') },
        },
      },
      async ({ principal, params: { type, id }, body: { reason } }) => {
        const view = await runtime[action]({ tenant: principal.tenant, type, id }, { reason, by: principal.by })
        return lensFor(principal, runtime.definition(type)).view(view)
      },
    )
  }
}
