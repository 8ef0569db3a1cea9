/** One payment as support sees it: all records of it in one list. */
import { z } from 'zod'
import type { App } from '../app-type.ts'
import { timelineOf, type TimelineParts } from '../payments/timeline.ts'
import { noQuery } from '../schemas/common.ts'
import { staffProblems } from '../schemas/problem.ts'
import { timelineEntry } from '../schemas/timeline.ts'
import { StandingError } from '../../runtime/index.ts'

const timeline = z.object({ data: z.array(timelineEntry), isComplete: z.boolean().describe('false: of one source only the newest 200 are here') }).meta({ id: 'PaymentTimeline' })

export function timelineRoute(app: App, parts: TimelineParts): void {
  app.get(
    '/payments/:id/timeline',
    {
      config: { permission: 'history' },
      schema: {
        tags: ['payments'],
        summary: 'Everything about one payment, in the order of time',
        description: 'What the provider told of it, the steps of the payment and of what follows from it (session, messages, what a subscription was told), logins and their use, and each message with its cost.',
        params: z.object({ id: z.string() }),
        querystring: noQuery,
        response: { 200: timeline, ...staffProblems('actor-not-found') },
      },
    },
    async ({ principal, params: { id } }) => {
      const view = await parts.runtime.get({ tenant: principal.tenant, type: 'payment', id })
      if (view === undefined) throw new StandingError('actor-not-found', `There is no payment '${id}'.`)
      return timelineOf(parts, view, principal.permissions.has('personal'))
    },
  )
}
