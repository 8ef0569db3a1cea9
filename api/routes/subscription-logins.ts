/** What support looks at when a customer says that he cannot get in. */
import { z } from 'zod'
import type { App } from '../app-type.ts'
import type { Traces } from '../ports/traces.ts'
import { noQuery } from '../schemas/common.ts'
import { staffProblems } from '../schemas/problem.ts'
import { timelineEntry } from '../schemas/timeline.ts'
import { loginsOf } from '../subscriptions/logins.ts'
import { StandingError, type Runtime } from '../../runtime/index.ts'

const logins = z.object({ data: z.array(timelineEntry), isComplete: z.boolean().describe('false: only the newest 200 attempts, and the newest 200 logins, are here') }).meta({ id: 'SubscriptionLogins' })

export function subscriptionLoginsRoute(app: App, { runtime, traces }: { runtime: Pick<Runtime, 'get'>; traces: Traces }): void {
  app.get(
    '/subscriptions/:id/logins',
    {
      config: { permission: 'history' },
      schema: {
        tags: ['subscriptions'],
        summary: 'Who tried to log in to a subscription, the newest first',
        description: 'Each attempt of the last 30 days, with the reason where it was rejected (what the customer was told, or that the password was wrong); and each login with its use.',
        params: z.object({ id: z.string() }),
        querystring: noQuery,
        response: { 200: logins, ...staffProblems('actor-not-found') },
      },
    },
    async ({ principal, params: { id } }) => {
      const view = await runtime.get({ tenant: principal.tenant, type: 'subscription', id })
      if (view === undefined) throw new StandingError('actor-not-found', `There is no subscription '${id}'.`)
      return loginsOf(traces, view, principal.permissions.has('personal'))
    },
  )
}
