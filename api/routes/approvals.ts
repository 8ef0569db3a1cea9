/** What is worth too much for one key is asked for here; a second key approves it as an event of the approval. */
import { z } from 'zod'
import type { ApprovalInput } from '../../machines/approval/events.ts'
import { sessionInput } from '../../machines/hotspot-session/events.ts'
import { paymentInput } from '../../machines/payment/events.ts'
import { remark } from '../../machines/printable.ts'
import type { VoucherBatchInput } from '../../machines/voucher-batch/events.ts'
import { sortableId, StandingError, type Address, type EventObject, type Runtime } from '../../runtime/index.ts'
import type { App } from '../app-type.ts'
import type { SecondKey } from '../approvals/second-key.ts'
import { isWeighed, type Worth } from '../approvals/worth.ts'
import { demand, type Principal } from '../auth/principal.ts'
import { permissionToCreate, permissionToSend } from '../auth/send-rules.ts'
import { derivedId } from '../derived-id.ts'
import { etagOf } from '../http/headers.ts'
import { onceOnly } from '../http/once.ts'
import { Problem } from '../http/problem.ts'
import { traceIdOf } from '../http/trace.ts'
import { fieldErrors } from '../http/validation.ts'
import { receiptPaymentIds } from '../../actors/payment/received-money.ts'
import { admittedPayment } from '../payments/admitted-input.ts'
import type { EventTeller } from '../payments/event-teller.ts'
import type { Receipts } from '../ports/receipts.ts'
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
  z.strictObject({ session: z.record(z.string(), z.unknown()).describe('access that nobody paid for: the `input` of `POST /api/v1/actors/hotspot-session`'), reason }),
  z.strictObject({ payment: z.record(z.string(), z.unknown()).describe('money that has come, to be recorded by hand: the `input` of `POST /api/v1/actors/payment`, with `method` `cash` or `c2b`'), reason }),
])

export interface ApprovalRouteDeps extends BatchParts {
  runtime: Runtime
  teller: EventTeller
  gate: SecondKey
  receipts: Receipts
  appKey: string
}

export function approvalRoutes(app: App, { runtime, teller, gate, receipts, appKey, ...parts }: ApprovalRouteDeps): void {
  const idOfReceipt = receiptPaymentIds(appKey)

  app.post(
    '/approvals',
    {
      config: { permission: 'money', audited: 'refused' },
      schema: {
        tags: ['approvals'],
        summary: 'Ask for what needs a second key',
        description:
          'Approving or assigning a payment, recording one by hand, saying that money has come for a payment or a subscription, moving the end of paid time, a plan with a price of its own (`subscription.changePackage`), making a batch of vouchers, giving access that nobody paid for. `worth` is null where nobody can say. Another key then sends `approval.approve` or `approval.refuse` to the approval (`POST /api/v1/actors/approval/{id}/events`); ' +
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
      const { to, act, worth } = await askedFor(principal, asked, eventId, before)
      // Its price has changed since it was read, or it was never sold so.
      if (worth?.currency == null) throw new Problem('package-unknown', 'Nothing is sold as this package is named.')
      const input = { to, act, worth: worth.amount, currency: worth.currency, reason: asked.reason, requestedBy: principal.by }
      const correlationId = traceIdOf(request.headers)
      const view = await runtime.create({ tenant: principal.tenant, type: 'approval', ...(id === undefined ? {} : { id }) }, input, { source: principal.source, ...once, ...(correlationId === undefined ? {} : { correlationId }) })
      reply.code(201).header('location', `/api/v1/actors/approval/${view.id}`).header('etag', etagOf(view.seq))
      return lensFor(principal, definition).view(view)
    },
  )

  function askedFor(principal: Principal, asked: z.output<typeof body>, key: string | undefined, before: ApprovalInput | undefined): Promise<Asked> {
    if ('batch' in asked) return newBatch(principal.tenant, asked.batch, key, before)
    if ('payment' in asked) return newPayment(principal, asked.payment, key, before)
    if ('session' in asked) return newSession(principal, asked.session, key, before)
    return event(principal, { type: asked.type, id: asked.id }, asked.event, before)
  }

  async function event(principal: Principal, { type, id }: Pick<Address, 'type' | 'id'>, said: EventObject, before: ApprovalInput | undefined): Promise<Asked> {
    if (!isWeighed(type, said.type)) throw needless('/event/type', 'needs no second key: send it to its actor')
    demand(principal, permissionToSend(type, said.type))
    // What it asks for has been done perhaps, or is worth something else by now.
    if (before?.act.kind === 'event') return { to: { type, id }, act: { kind: 'event', event: toldAgain(said, before.act.event) }, worth: worthOf(before) }
    const to = { tenant: principal.tenant, type, id }
    const [{ event: told } = { event: said }] = await teller.rehearse(principal, [{ to, event: said }])
    // Nobody shall be asked to approve what is refused then.
    const run = await runtime.dryRun(to, told)
    if (!run.accepted) throw new StandingError('event-not-accepted', undefined, { refusedBy: run.refusedBy })
    const worth = await gate.weigh(to, told)
    // A plan of the price list, or a callback that says that nothing came.
    if (worth === undefined) throw needless('/event', 'gives nothing away and needs no second key: send it to its actor')
    return { to: { type, id }, act: { kind: 'event', event: told }, worth }
  }

  async function newBatch(tenant: string, asked: z.output<typeof batchBody>, key: string | undefined, before: ApprovalInput | undefined): Promise<Asked> {
    const made = before?.act.kind === 'create' ? (before.act.input as unknown as VoucherBatchInput) : undefined
    const input = await batchInputOf(parts, tenant, asked, made)
    return { to: toBeMade('voucher-batch', tenant, key), act: { kind: 'create', input }, worth: before === undefined ? await gate.weighNew(tenant, 'voucher-batch', input) : worthOf(before) }
  }

  async function newPayment(principal: Principal, asked: object, key: string | undefined, before: ApprovalInput | undefined): Promise<Asked> {
    const { tenant } = principal
    demand(principal, permissionToCreate('payment'))
    const made = before?.act.kind === 'create' ? before.act.input : undefined
    const read = paymentInput.safeParse(await admittedPayment({ runtime, packages: parts.packages }, { tenant, input: asked, before: made, at: '/payment' }))
    // Nobody shall be asked to approve what cannot be recorded then.
    if (!read.success) throw new Problem('invalid-input', undefined, { errors: fieldErrors(read.error.issues).map(({ pointer, detail }) => ({ pointer: `/payment${pointer}`, detail })) })
    const input = read.data
    if (before !== undefined) return { to: before.to, act: { kind: 'create', input }, worth: worthOf(before) }
    const worth = await gate.weighNew(tenant, 'payment', input)
    if (worth === undefined) throw needless('/payment/method', 'asks the payer and needs no second key')
    const receipt = input.received?.receipt
    const usedBy = receipt === undefined ? undefined : (await receipts.creditedTo(tenant, [receipt])).get(receipt)
    if (usedBy !== undefined) throw new Problem('invalid-input', undefined, { errors: [{ pointer: '/payment/received/receipt', detail: `has credited the payment ${usedBy}` }] })
    return { to: await paymentOf(tenant, receipt, key), act: { kind: 'create', input }, worth }
  }

  async function newSession(principal: Principal, asked: object, key: string | undefined, before: ApprovalInput | undefined): Promise<Asked> {
    const { tenant } = principal
    demand(principal, permissionToCreate('hotspot-session'))
    const read = sessionInput.safeParse(asked)
    if (!read.success) throw new Problem('invalid-input', undefined, { errors: fieldErrors(read.error.issues).map(({ pointer, detail }) => ({ pointer: `/session${pointer}`, detail })) })
    return { to: toBeMade('hotspot-session', tenant, key), act: { kind: 'create', input: read.data }, worth: before === undefined ? await gate.weighNew(tenant, 'hotspot-session', read.data) : worthOf(before) }
  }

  /** By the id that its receipt gives, as all money has that comes by itself: approved twice, or told of by the paybill too, it is one payment. */
  async function paymentOf(tenant: string, receipt: string | undefined, key: string | undefined): Promise<Asked['to']> {
    if (receipt === undefined) return toBeMade('payment', tenant, key)
    const to = { type: 'payment', id: idOfReceipt(tenant, receipt) }
    // One that staff have rejected, and whose receipt is free again.
    return (await runtime.get({ tenant, ...to })) === undefined ? to : toBeMade('payment', tenant, key)
  }

  /** The same key means the same actor. */
  function toBeMade(type: string, tenant: string, key: string | undefined): { type: string; id: string } {
    const definition = definitionOf(runtime, type)
    return { type, id: key === undefined ? `${definition.idPrefix ?? type}_${sortableId()}` : derivedId(definition, tenant, `approved\0${key}`) }
  }
}

function needless(pointer: string, detail: string): Problem {
  return new Problem('invalid-input', undefined, { errors: [{ pointer, detail }] })
}

function worthOf({ worth, currency }: ApprovalInput): Worth {
  return worth === null ? { amount: null, currency } : { amount: worth, currency }
}

interface Asked {
  to: Pick<Address, 'type' | 'id'>
  act: { kind: 'event'; event: EventObject } | { kind: 'create'; input: object }
  worth: Worth | undefined
}
