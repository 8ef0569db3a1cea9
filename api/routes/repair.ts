/** What went wrong and waits for a person: parked events and outside calls. */
import { z } from 'zod'
import type { App } from '../app-type.ts'
import { StandingError, type EffectRow, type EffectStatus, type PositionedParkedRow, type Runtime } from '../../runtime/index.ts'
import { cutPage, decodeNumberCursor, decodeTextCursor, encodeCursor } from '../http/cursor.ts'
import { lensFor, type Lens } from '../privacy/lens.ts'
import { demandEffectFilter } from '../repair/effect-filter.ts'
import { noQuery, page, pageQuery, reasonBody } from '../schemas/common.ts'
import { storedEffect, parkedEvent } from '../schemas/repair.ts'
import { staffProblems } from '../schemas/problem.ts'

const parkedQuery = z.strictObject({ ...pageQuery, kind: z.enum(['poison', 'waiting', 'undeliverable', 'skipped']).optional() })
const effectsQuery = z.strictObject({
  ...pageQuery,
  status: z.enum(['pending', 'running', 'retrying', 'failed']).optional(),
  lane: z.string().max(64).optional(),
  name: z.string().max(200).optional(),
  since: z.iso.datetime().optional().describe('asked for at or after this moment'),
})
const done = z.object({ done: z.literal(true) })
const DONE = { done: true } as const

export function repairRoutes(app: App, runtime: Runtime): void {
  app.get(
    '/parked',
    { config: { permission: 'read' }, schema: { tags: ['repair'], summary: 'Events set aside', querystring: parkedQuery, response: { 200: page(parkedEvent), ...staffProblems() } } },
    async ({ principal, query: { limit, cursor, kind } }) => {
      const rows = await runtime.listParked({ tenant: principal.tenant, kind, limit: limit + 1, afterPosition: decodeNumberCursor('parked', cursor) })
      const { data, nextCursor } = cutPage(rows, limit, ({ position }) => encodeCursor('parked', position))
      return { data: data.map((row) => parkedView(row, lensFor(principal, runtime.definition(row.address.type)))), nextCursor }
    },
  )

  const parkedWords = { retry: 'Deliver a parked event again', skip: 'Go on without it, keeping it', discard: 'Throw it away' }
  for (const action of ['retry', 'skip', 'discard'] as const) {
    app.post(
      `/parked/:eventId/${action}`,
      {
        config: { permission: 'repair' },
        schema: {
          tags: ['repair'],
          summary: parkedWords[action],
          params: z.object({ eventId: z.string() }),
          querystring: noQuery,
          body: reasonBody,
          response: { 200: done, ...staffProblems('parked-not-found', 'actor-not-found', 'actor-done', 'step-failed', 'unsupported-media-type') },
        },
      },
      async ({ principal, params: { eventId }, body: { reason } }) => {
        await runtime[`${action}Parked` as const](principal.tenant, eventId, { reason, by: principal.by })
        return DONE
      },
    )
  }

  app.get(
    '/effects',
    { config: { permission: 'read' }, schema: { tags: ['repair'], summary: 'Outside calls that are not done', querystring: effectsQuery, response: { 200: page(storedEffect), ...staffProblems() } } },
    async ({ principal, query: { limit, cursor, status, lane, name, since } }) => {
      demandEffectFilter(runtime, { lane, name }, '', 'query')
      const from = since === undefined ? undefined : Date.parse(since)
      const rows = await runtime.listEffects({ tenant: principal.tenant, status: status satisfies EffectStatus | undefined, lane, name, since: from, limit: limit + 1, afterKey: decodeTextCursor('effects', cursor) })
      const { data, nextCursor } = cutPage(rows, limit, ({ key }) => encodeCursor('effects', key))
      return { data: data.map(effectRowView), nextCursor }
    },
  )

  for (const action of ['retry', 'cancel'] as const) {
    app.post(
      `/effects/:key/${action}`,
      {
        config: { permission: 'repair' },
        schema: {
          tags: ['repair'],
          summary: action === 'retry' ? 'Try an outside call now' : 'Give an outside call up',
          description: 'The key is URL-encoded: its slashes are %2F.',
          params: z.object({ key: z.string() }),
          querystring: noQuery,
          body: reasonBody,
          response: { 200: done, ...staffProblems('effect-not-found', 'unsupported-media-type') },
        },
      },
      async ({ principal, params: { key }, body: { reason } }) => {
        // The key carries its tenant; another tenant's must look as if it were not there.
        if (!key.startsWith(`${principal.tenant}/`)) throw new StandingError('effect-not-found')
        await runtime[`${action}Effect` as const](key, { reason, by: principal.by })
        return DONE
      },
    )
  }
}

function parkedView(row: PositionedParkedRow, lens: Lens): z.output<typeof parkedEvent> {
  return {
    eventId: row.eventId,
    type: row.address.type,
    id: row.address.id,
    kind: row.kind,
    eventType: row.eventType,
    delivery: lens.payload(JSON.parse(row.delivery) as unknown),
    error: errorOf(row.error),
    at: new Date(row.at).toISOString(),
  }
}

export function effectRowView(row: EffectRow): z.output<typeof storedEffect> {
  return {
    key: row.key,
    type: row.address.type,
    id: row.address.id,
    name: row.name,
    lane: row.lane,
    status: row.status,
    attempts: row.attempts,
    nextAttemptAt: row.status === 'failed' ? null : new Date(row.nextAttemptAt).toISOString(),
    lastError: errorOf(row.lastError),
    createdAt: new Date(row.createdAt).toISOString(),
    correlationId: row.correlationId,
  }
}

/** Without the stack: that is for our log. */
function errorOf(json: string | null): { name: string; message: string; code?: string } | null {
  if (json === null) return null
  const { name, message, code } = JSON.parse(json) as { name: string; message: string; code?: string }
  return { name, message, ...(code === undefined ? {} : { code }) }
}
