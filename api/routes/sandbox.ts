/** Sandbox only: move the clock on, and see what was sent. In production these addresses do not exist. */
import { z } from 'zod'
import type { App } from '../app-type.ts'
import { durationMs } from '../http/duration.ts'
import { Problem } from '../http/problem.ts'
import type { Sandbox } from '../ports/sandbox.ts'
import { instant, noQuery } from '../schemas/common.ts'
import { staffProblems } from '../schemas/problem.ts'

const ADVANCE_MS_MAX = 10 * 366 * 86_400_000
const message = z.looseObject({ id: z.string(), channel: z.enum(['sms', 'mail', 'chat']), to: z.string(), text: z.string(), at: instant })

export function sandboxRoutes(app: App, sandbox: Sandbox): void {
  app.post(
    '/sandbox/clock',
    {
      config: { permission: 'sandbox' },
      schema: {
        tags: ['sandbox'],
        summary: 'Move the clock on; answers when all is quiet',
        querystring: noQuery,
        body: z.strictObject({ advance: z.string().max(50).describe('ISO 8601 duration, such as P30D') }),
        response: { 200: z.object({ now: instant }), ...staffProblems('unsupported-media-type') },
      },
    },
    async ({ body: { advance } }) => {
      const ms = durationMs(advance, sandbox.now())
      if (ms === undefined) throw invalid('must be an ISO 8601 duration, such as P30D or PT15M')
      if (ms > ADVANCE_MS_MAX) throw invalid('must be ten years at most')
      if (await sandbox.isShared()) throw invalid('is possible only while one node runs: each has a clock of its own')
      await sandbox.advance(ms)
      return { now: new Date(sandbox.now()).toISOString() }
    },
  )

  app.get(
    '/sandbox/outbox',
    { config: { permission: 'sandbox' }, schema: { tags: ['sandbox'], summary: 'SMS and mail that were sent, of your tenant', querystring: noQuery, response: { 200: z.object({ data: z.array(message) }), ...staffProblems() } } },
    async ({ principal }) => ({ data: await sandbox.outbox(principal.tenant) }),
  )
}

function invalid(detail: string): Problem {
  return new Problem('invalid-input', undefined, { errors: [{ pointer: '/advance', detail }] })
}
