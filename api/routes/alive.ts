/** Whether the process lives: the least that a server can tell. */
import { z } from 'zod'
import type { App } from '../app-type.ts'

export function aliveRoute(app: App): void {
  app.get('/healthz', { schema: { tags: ['health'], summary: 'Whether the process lives', response: { 200: z.object({ status: z.literal('ok') }) } } }, () => ({ status: 'ok' as const }))
}
