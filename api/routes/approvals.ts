/** What is worth too much for one key is asked for here; a second key approves it as an event of the approval. */
import { z } from 'zod'
import type { ApprovalInput } from '../../machines/approval/events.ts'
import { remark } from '../../machines/printable.ts'
import type { VoucherBatchInput } from '../../machines/voucher-batch/events.ts'
import { sortableId, StandingError, type Address, type EventObject, type Runtime } from '../../runtime/index.ts'
import type { App } from '../app-type.ts'
import type { SecondKey } from '../approvals/second-key.ts'
import { isWeighed, type Worth } from '../approvals/worth.ts'
import { demand, type Principal } from '../auth/principal.ts'
import { permissionToSend } from '../auth/send-rules.ts'
import { derivedId } from '../derived-id.ts'
import { etagOf } from '../http/headers.ts'
import { onceOnly } from '../http/once.ts'
import { Problem } from '../http/problem.ts'
import { traceIdOf } from '../http/trace.ts'
import type { EventTeller } from '../payments/event-teller.ts'
import { lensFor } from '../privacy/lens.ts'
import { madeFrom, toldAgain } from '../repetition.ts'
import { actorView } from '../schemas/actor.ts'
import { eventBody, noQuery } from '../schemas/common.ts'
import { staffProblems } from '../schemas/problem.ts'
import { batchBody } from '../schemas/voucher.ts'
import { batchInputOf, type BatchParts } from '../vouchers/batch-input.ts'
import { definitionOf } from './actors.ts'

const reason = remark(500).describe('why, for the second key and for the journal')
const body = z.union([
  z.strictObject({ type: z.string().max(64), id: z.string().min(1).max(400), event: eventBody, reason }),
  z.strictObject({ batch: batchBody.describe('a batch of vouchers to be made'), reason }),
])

export interface ApprovalRouteDeps extends BatchParts {
  runtime: Runtime
  teller: EventTeller
  gate: SecondKey
}

export function approvalRoutes(app: App, { runtime, teller, gate, ...parts }: ApprovalRouteDeps): void {
  app.post(
    '/approvals',
    {
      config: { permission: 'money', audited: 'refused' },
      schema: {
        tags: ['approvals'],
        summary: 'Ask for what needs a second key',
        description:
          'Approving or assigning a payment, moving the end of paid time, making a batch of vouchers. Another key then sends `approval.approve` or `approval.refuse` to the approval (`POST /api/v1/actors/approval/{id}/events`); ' +
          'this one may send `approval.withdraw`. After a week it expires. What waits: `GET /api/v1/actors/approval?state=requested`.',
        querystring: noQuery,
        body,
        response: {
          201: actorView,
          ...staffProblems('actor-type-unknown', 'actor-not-found', 'event-not-accepted', 'actor-done', 'actor-blocked', 'step-failed', 'invalid-event', 'package-unknown', 'subscription-unknown', 'idempotency-mismatch', 'payload-too-large', 'unsupported-media-type'),
        },
      },
    },
    async (request, reply) => {
      const { principal, body: asked } = request
      const definition = definitionOf(runtime, 'approval')
      const { eventId, id, options: once } = onceOnly(request, definition, principal.tenant)
      const before = id === undefined ? undefined : await madeFrom<ApprovalInput>(runtime, { tenant: principal.tenant, type: 'approval', id }, eventId)
      const { to, act, worth } = 'batch' in asked ? await newBatch(principal.tenant, asked.batch, eventId, before) : await event(principal, { type: asked.type, id: asked.id }, asked.event, before)
      // Its price has changed since it was read, or it was never sold so.
      if (worth === undefined || worth.currency === null) throw new Problem('package-unknown', 'Nothing is sold as this package is named.')
      const input = { to, act, worth: worth.amount, currency: worth.currency, reason: asked.reason, requestedBy: principal.by }
      const correlationId = traceIdOf(request.headers)
      const view = await runtime.create({ tenant: principal.tenant, type: 'approval', ...(id === undefined ? {} : { id }) }, input, { source: principal.source, ...once, ...(correlationId === undefined ? {} : { correlationId }) })
      reply.code(201).header('location', `/api/v1/actors/approval/${view.id}`).header('etag', etagOf(view.seq))
      return lensFor(principal, definition).view(view)
    },
  )

  async function event(principal: Principal, { type, id }: Pick<Address, 'type' | 'id'>, said: EventObject, before: ApprovalInput | undefined): Promise<Asked> {
    if (!isWeighed(type, said.type)) throw new Problem('invalid-input', undefined, { errors: [{ pointer: '/event/type', detail: 'needs no second key: send it to its actor' }] })
    demand(principal, permissionToSend(type, said.type))
    // What it asks for has been done perhaps, or is worth something else by now.
    if (before?.act.kind === 'event') return { to: { type, id }, act: { kind: 'event', event: toldAgain(said, before.act.event) }, worth: worthOf(before) }
    const to = { tenant: principal.tenant, type, id }
    const [{ event: told } = { event: said }] = await teller.rehearse(principal, [{ to, event: said }])
    // Nobody shall be asked to approve what is refused then.
    const run = await runtime.dryRun(to, told)
    if (!run.accepted) throw new StandingError('event-not-accepted', undefined, { refusedBy: run.refusedBy })
    const worth = await gate.weigh(to, told)
    return { to: { type, id }, act: { kind: 'event', event: told }, worth }
  }

  async function newBatch(tenant: string, asked: z.output<typeof batchBody>, key: string | undefined, before: ApprovalInput | undefined): Promise<Asked> {
    const made = before?.act.kind === 'create' ? (before.act.input as unknown as VoucherBatchInput) : undefined
    const input = await batchInputOf(parts, tenant, asked, made)
    const id = key === undefined ? `vb_${sortableId()}` : derivedId(definitionOf(runtime, 'voucher-batch'), tenant, `approved\0${key}`)
    return { to: { type: 'voucher-batch', id }, act: { kind: 'create', input }, worth: before === undefined ? await gate.weighNew(tenant, 'voucher-batch', input) : worthOf(before) }
  }
}

function worthOf({ worth, currency }: ApprovalInput): Worth {
  return { amount: worth, currency }
}

interface Asked {
  to: Pick<Address, 'type' | 'id'>
  act: { kind: 'event'; event: EventObject } | { kind: 'create'; input: object }
  worth: Worth | undefined
}
