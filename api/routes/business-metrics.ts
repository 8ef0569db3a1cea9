/** Figures of the business, for staff. */
import { z } from 'zod'
import type { App } from '../app-type.ts'
import { STATS_EVENT, type Dashboard } from '../dashboard/dashboard.ts'
import { STATS_CHANNEL } from '../channels/names.ts'
import { instant, noQuery } from '../schemas/common.ts'
import { staffProblems } from '../schemas/problem.ts'

const sums = z.record(z.string(), z.number()).describe('by name, such as `payments.completed`; money in minor units with its currency, such as `payments.revenue.KES`')
const day = z.object({ day: z.string().describe('`2026-01-31`, in the shop\'s zone'), sums })
const dashboardSnapshot = z
  .object({ version: z.int().describe('how many facts are in the sums; the same on every node'), at: instant, today: day, total: sums, days: z.array(day).describe('the newest first') })
  .meta({ id: 'Dashboard' })

export function businessMetricRoutes(app: App, dashboard: Dashboard): void {
  app.get(
    '/metrics/dashboard',
    {
      config: { permission: 'read', audited: 'refused' },
      schema: {
        tags: ['metrics'],
        summary: 'The sums of the dashboard, as of a version',
        description: `The channel \`${STATS_CHANNEL}\` tells changes as \`${STATS_EVENT}\`: {version, previous, today, total} with the sums that are new. A change whose \`previous\` is not the version you have means: ask here again.`,
        querystring: noQuery,
        response: { 200: dashboardSnapshot, ...staffProblems() },
      },
    },
    ({ principal }) => dashboard.snapshot(principal.tenant),
  )
}
