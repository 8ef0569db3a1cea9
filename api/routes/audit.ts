/** Who did or read what, when, and why. */
import { z } from 'zod'
import { printable } from '../../machines/printable.ts'
import type { App } from '../app-type.ts'
import { cutPage, decodeTextCursor, encodeCursor, notOurs } from '../http/cursor.ts'
import { AUDITED, type AuditLog, type AuditRow } from '../ports/audit.ts'
import { instant, page, pageQuery } from '../schemas/common.ts'
import { staffProblems } from '../schemas/problem.ts'

const query = z.strictObject({
  ...pageQuery,
  by: printable(200).min(1).optional().describe('id of a key, or `nats`'),
  what: z.enum(AUDITED).optional(),
  type: printable(64).min(1).optional().describe('of the actor'),
  id: printable(400).min(1).optional().describe('of the actor'),
  since: instant.optional(),
  until: instant.optional().describe('before this moment'),
})

const entry = z
  .object({
    at: instant,
    by: z.object({ key: z.string(), name: z.string().nullable(), roles: z.array(z.string()).nullable() }).describe('a key, or `nats`: whoever the broker lets through'),
    what: z.enum(AUDITED),
    action: z.string().describe('an event of the journal, or a call of this API'),
    actor: z.object({ type: z.string(), id: z.string() }).nullable().describe('null: a list, or no actor'),
    asked: z.record(z.string(), z.string()).describe('of a call: what it asked for; what may name a person is masked'),
    status: z.int().nullable().describe('of the answer to a call'),
    unmasked: z.boolean().nullable().describe('personal fields were shown in the clear'),
    reason: z.string().nullable(),
    seq: z.int().nullable().describe('of the journal of the actor'),
    requestId: z.string().nullable().describe('the trace that the call belonged to'),
  })
  .meta({ id: 'AuditEntry' })

const LIST = 'audit'

export function auditRoutes(app: App, audit: Pick<AuditLog, 'list'>): void {
  app.get(
    '/audit',
    {
      config: { permission: 'audit' },
      schema: {
        tags: ['audit'],
        summary: 'Who did or read what, when and why; the newest first',
        description: 'Calls of this API that showed or changed something, calls that were refused, and what the journal tells of keys and people. Reading this is in it, too.',
        querystring: query,
        response: { 200: page(entry), ...staffProblems() },
      },
    },
    async ({ principal, query: { limit, cursor, by, since, until, ...filter } }) => {
      const rows = await audit.list({
        ...filter,
        tenant: principal.tenant,
        keyId: by,
        since: since === undefined ? undefined : Date.parse(since),
        until: until === undefined ? undefined : Date.parse(until),
        limit: limit + 1,
        before: placeOf(decodeTextCursor(LIST, cursor)),
      })
      const { data, nextCursor } = cutPage(rows, limit, ({ at, ref }) => encodeCursor(LIST, `${at} ${ref}`))
      return { data: data.map(viewOf), nextCursor }
    },
  )
}

function placeOf(cursor: string | undefined): { at: number; ref: string } | undefined {
  if (cursor === undefined) return undefined
  const [, at, ref] = /^(\d{1,15}) (.{1,1000})$/.exec(cursor) ?? []
  if (at === undefined || ref === undefined) throw notOurs()
  return { at: Number(at), ref }
}

function viewOf({ at, keyId, keyName, roles, ref: _, ...row }: AuditRow): z.output<typeof entry> {
  return { ...row, at: new Date(at).toISOString(), by: { key: keyId, name: keyName, roles: roles === null ? null : [...roles] } }
}
