/** Failed outside calls, sent again many at once: a preview first, then exactly what it showed. */
import { z } from 'zod'
import type { App } from '../app-type.ts'
import { demandEffectFilter } from '../repair/effect-filter.ts'
import { demandPlan, mayHaveGoneOut, planRetry, planToken, RETRIED_MAX } from '../repair/retry-plan.ts'
import { isStandingError, type Runtime } from '../../runtime/index.ts'
import { noQuery, reasonBody } from '../schemas/common.ts'
import { staffProblems } from '../schemas/problem.ts'
import { storedEffect } from '../schemas/repair.ts'
import { effectRowView } from './repair.ts'

const filter = z.strictObject({
  key: z.string().max(1_000).optional().describe('one alone'),
  lane: z.string().max(64).optional(),
  name: z.string().max(200).optional(),
  type: z.string().max(64).optional().describe('of the actor'),
  since: z.iso.datetime().optional().describe('asked for at or after this moment'),
})
const body = z.union([z.strictObject({ filter, preview: z.literal(true) }), z.strictObject({ filter, confirm: z.string().max(200).describe('from the preview'), reason: reasonBody.shape.reason })])

const preview = z.object({
  effects: z.array(storedEffect.extend({ mayHaveGoneOut: z.boolean().describe('the other side may have done it already, and would do it twice') })),
  count: z.int(),
  more: z.boolean().describe(`there are more; ${RETRIED_MAX} are sent at once at most`),
  warnings: z.array(z.string()),
  confirm: z.string().describe('valid for 15 minutes, for exactly these'),
})
const outcome = z.object({ retried: z.int(), failed: z.array(z.object({ key: z.string(), code: z.string() })) })

export function failedEffectRoutes(app: App, runtime: Runtime, appKey: string): void {
  app.post(
    '/effects/retry',
    {
      config: { permission: 'repair' },
      schema: {
        tags: ['repair'],
        summary: 'Send failed outside calls again, many at once',
        description: 'First with `preview: true`: lists what would be sent, and warns of calls that may have gone out already. Then with `confirm`, the token of that preview: sends exactly those, each under its own key.',
        querystring: noQuery,
        body,
        response: { 200: z.union([preview, outcome]), ...staffProblems('preview-outdated', 'unsupported-media-type', 'payload-too-large') },
      },
    },
    async ({ principal, body: asked }) => {
      const { since, ...rest } = asked.filter
      demandEffectFilter(runtime, rest, '/filter')
      const plan = await planRetry(runtime, principal.tenant, { ...rest, since: since === undefined ? undefined : Date.parse(since) })
      if ('preview' in asked) {
        const effects = plan.rows.map((row) => ({ ...effectRowView(row), mayHaveGoneOut: mayHaveGoneOut(row) }))
        const doubtful = effects.filter((effect) => effect.mayHaveGoneOut).length
        return {
          effects,
          count: effects.length,
          more: plan.isMore,
          warnings: doubtful === 0 ? [] : [`${doubtful} of these calls may have gone out already; sending them again may do the same thing twice.`],
          confirm: planToken(appKey, principal.tenant, plan),
        }
      }
      demandPlan(appKey, principal.tenant, plan, asked.confirm)
      const failed: { key: string; code: string }[] = []
      for (const { key } of plan.rows) {
        try {
          await runtime.retryEffect(key, { reason: asked.reason, by: principal.by })
        } catch (error) {
          // One that somebody else has just retried must not hold up the others.
          if (!isStandingError(error)) throw error
          failed.push({ key, code: error.code })
        }
      }
      return { retried: plan.rows.length - failed.length, failed }
    },
  )
}
