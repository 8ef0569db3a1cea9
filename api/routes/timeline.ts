/** One payment as support sees it: all records of it in one list. */
import { z } from 'zod'
import type { App } from '../app-type.ts'
import { timelineOf, type TimelineParts } from '../payments/timeline.ts'
import { instant, noQuery } from '../schemas/common.ts'
import { staffProblems } from '../schemas/problem.ts'
import { StandingError } from '../../runtime/index.ts'

const entry = z.object({
  at: instant,
  source: z.enum(['hook', 'journal', 'radius', 'sms']).describe('the inbox of web hooks, the journal of an actor, RADIUS, or the book of sent messages'),
  actor: z.object({ type: z.string(), id: z.string() }).nullable(),
  what: z.string().describe('an event, a kind of web hook, or what RADIUS calls it'),
  phrase: z.string().optional(),
  data: z.looseObject({}).describe('personal fields are masked by role'),
})

const timeline = z.object({ data: z.array(entry), isComplete: z.boolean().describe('false: of one source only the newest 200 are here') }).meta({ id: 'PaymentTimeline' })

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
