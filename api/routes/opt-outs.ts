/** Phones that shall not be written to, but for logins and receipts. */
import { z } from 'zod'
import { normalisePhone } from '../../actors/gateways/phone.ts'
import { remark } from '../../machines/printable.ts'
import type { App } from '../app-type.ts'
import { cutPage, decodeTextCursor, encodeCursor } from '../http/cursor.ts'
import { Problem } from '../http/problem.ts'
import { maskValue } from '../privacy/mask.ts'
import type { OptOut, OptOuts } from '../ports/opt-outs.ts'
import { noQuery, page, pageQuery } from '../schemas/common.ts'
import { staffProblems } from '../schemas/problem.ts'

const optOutView = z.object({ phone: z.string(), reason: z.string().nullable(), source: z.string(), at: z.string() }).meta({ id: 'OptOut' })
const body = z.strictObject({ phone: z.string().max(40).describe('any usual way of writing it'), reason: remark(500).optional() })

export function optOutRoutes(app: App, optOuts: OptOuts, now: () => number): void {
  app.post(
    '/opt-outs',
    {
      config: { permission: 'send', audited: 'change' },
      schema: {
        tags: ['notifications'],
        summary: 'Write no more to a phone, but for logins and receipts',
        querystring: noQuery,
        body,
        response: { 200: optOutView.describe('it had opted out before, as is said here'), 201: optOutView, ...staffProblems('payload-too-large', 'unsupported-media-type') },
      },
    },
    async ({ principal, body: { phone: typed, reason = null } }, reply) => {
      const optOut = { phone: phoneOf(typed, '/phone'), reason, source: principal.by, at: now() }
      const { isNew, stored = optOut } = await optOuts.optOut(principal.tenant, optOut)
      reply.code(isNew ? 201 : 200)
      // Whoever asks has typed the phone.
      return viewOf(stored, true)
    },
  )

  app.get(
    '/opt-outs',
    { config: { permission: 'read' }, schema: { tags: ['notifications'], summary: 'Phones that are not written to', querystring: z.strictObject(pageQuery), response: { 200: page(optOutView), ...staffProblems() } } },
    async ({ principal, query: { limit, cursor } }) => {
      const rows = await optOuts.listOptOuts(principal.tenant, { limit: limit + 1, afterPhone: decodeTextCursor('opt-outs', cursor) })
      const { data, nextCursor } = cutPage(rows, limit, ({ phone }) => encodeCursor('opt-outs', phone))
      const isOpen = principal.permissions.has('personal')
      return { data: data.map((row) => viewOf(row, isOpen)), nextCursor }
    },
  )

  app.delete(
    '/opt-outs/:phone',
    {
      config: { permission: 'send', audited: 'change' },
      schema: { tags: ['notifications'], summary: 'Write to a phone again', params: z.object({ phone: z.string().max(40) }), querystring: noQuery, response: { 204: z.null(), ...staffProblems() } },
    },
    async ({ principal, params: { phone } }, reply) => {
      await optOuts.optIn(principal.tenant, { phone: phoneOf(phone, '/phone'), source: principal.by, at: now() })
      return reply.code(204).send(null)
    },
  )
}

function phoneOf(typed: string, pointer: string): string {
  const phone = normalisePhone(typed)
  if (!phone.ok) throw new Problem('invalid-input', undefined, { errors: [{ pointer, detail: phone.problem }] })
  return phone.phone
}

function viewOf({ phone, reason, source, at }: OptOut, isOpen: boolean): z.output<typeof optOutView> {
  return { phone: isOpen ? phone : String(maskValue(phone)), reason, source, at: new Date(at).toISOString() }
}
