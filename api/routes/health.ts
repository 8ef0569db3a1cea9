/** For whoever runs us: liveness, readiness, metrics. */
import { z } from 'zod'
import type { App } from '../app-type.ts'
import type { AppDeps } from '../deps.ts'
import { Problem } from '../http/problem.ts'
import { problems } from '../schemas/problem.ts'
import { aliveRoute } from './alive.ts'

export function healthRoutes(app: App, deps: Pick<AppDeps, 'readiness' | 'metrics'>, isClosing: () => boolean): void {
  aliveRoute(app)
  app.get(
    '/readyz',
    {
      schema: {
        tags: ['health'],
        summary: 'Whether requests can be served; `degraded` when something that they do not need at once is away',
        response: { 200: z.object({ status: z.enum(['ready', 'degraded']), checks: z.record(z.string(), z.string()) }), ...problems('not-ready') },
      },
    },
    async () => {
      if (isClosing()) throw new Problem('not-ready', 'The server is stopping.')
      const { ready, checks } = await deps.readiness.check()
      if (!ready) throw new Problem('not-ready', 'Something that requests need is missing.', { extra: { checks } })
      // Requests are served, but something waits: facts and mail for a broker that is away.
      return { status: Object.values(checks).every((check) => check === 'ok') ? ('ready' as const) : ('degraded' as const), checks }
    },
  )

  app.get('/metrics', { schema: { tags: ['health'], summary: 'Prometheus series', response: { 200: { content: { 'text/plain': { schema: z.string() } } } } } }, async (_request, reply) => {
    const { text, contentType } = await deps.metrics.render()
    return reply.type(contentType).serializer(String).send(text)
  })
}
