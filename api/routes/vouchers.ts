/** Vouchers: batches made, shown and taken back by staff, redeemed by whoever has a code. */
import type { FastifyReply } from 'fastify'
import { z } from 'zod'
import { normaliseMac } from '../../actors/gateways/mac.ts'
import { normaliseKenyanPhone } from '../../actors/gateways/phone.ts'
import { voucherId } from '../../actors/voucher/voucher-id.ts'
import type { VoucherBatchInput } from '../../machines/voucher-batch/events.ts'
import type { VoucherBatchContext } from '../../machines/voucher-batch/machine.ts'
import { sortableId, StandingError, type ActorView, type Runtime } from '../../runtime/index.ts'
import type { App } from '../app-type.ts'
import type { SecondKey } from '../approvals/second-key.ts'
import type { Principal } from '../auth/principal.ts'
import { idempotencyKey } from '../http/headers.ts'
import { onceOnly } from '../http/once.ts'
import { Problem } from '../http/problem.ts'
import { traceIdOf } from '../http/trace.ts'
import { loginForm } from '../payments/hotspot-login.ts'
import type { Reveal } from '../payments/reveal.ts'
import type { Packages } from '../ports/packages.ts'
import type { RateLimiter } from '../ports/rate-limiter.ts'
import { demandRate } from '../rate-limit.ts'
import { madeFrom } from '../repetition.ts'
import { noQuery } from '../schemas/common.ts'
import { challengeIn } from '../schemas/hotspot-login.ts'
import { problems, staffProblems } from '../schemas/problem.ts'
import { batchBody, batchParams, batchSchema, checkBody, codesSchema, redeemBody, redeemedSchema, revokeBody, voucherSchema } from '../schemas/voucher.ts'
import type { GuessGuard } from '../vouchers/guess-guard.ts'
import { batchInputOf } from '../vouchers/batch-input.ts'
import type { VoucherParts } from '../vouchers/parts.ts'
import { voucherDesk, type Found } from '../vouchers/redeem.ts'
import { csvOf, sheetOf, type SheetVoucher } from '../vouchers/sheet.ts'
import { definitionOf } from './actors.ts'

const WITH_BODY = ['payload-too-large', 'unsupported-media-type'] as const
const REFUSALS = ['voucher-mistyped', 'voucher-unknown', 'voucher-expired', 'voucher-revoked'] as const
const GUARDED = 'Whoever names too many codes that do not exist waits, longer each time.'
/** All guests of one hotspot share an address. */
const REDEEMS_PER_IP = { limit: 240, windowMs: 60_000 }
/** For the session to be there, so that its login can be shown. */
const SESSION_WAIT_MS = 2_000

export interface RedeemDeps {
  tenant: string
  guard: GuessGuard
  limiter: RateLimiter
  reveal: Reveal
}

export function voucherPublicRoutes(app: App, runtime: Runtime, parts: VoucherParts, { tenant, guard, limiter, reveal }: RedeemDeps): void {
  const desk = voucherDesk(runtime, parts)

  app.post(
    '/api/vouchers/redeem',
    {
      schema: {
        tags: ['vouchers'],
        summary: 'Redeem a code: access as if it had been paid for',
        description: 'Header `Idempotency-Key`, which counts for its code alone: the same key and body is the same call. Whoever fails too often waits, longer each time.',
        querystring: noQuery,
        body: redeemBody,
        response: { 200: redeemedSchema, ...problems('invalid-input', ...REFUSALS, 'voucher-used', 'idempotency-mismatch', 'actor-blocked', 'rate-limited', ...WITH_BODY) },
      },
    },
    async (request, reply) => {
      const key = idempotencyKey(request)
      const { phone, macAddress, chap } = readRedeemer(request.body)
      reply.headers(await demandRate(limiter, { name: 'redeem-ip', ...(parts.redeemsPerIp ?? REDEEMS_PER_IP) }, request.ip)).header('cache-control', 'no-store')
      const found = await guard.attempt({ ip: request.ip, phone, mac: macAddress }, () => desk.find(tenant, request.body.code))
      const { voucher, isReplay } = await desk.redeem(found, { phone, macAddress, idempotencyKey: key, correlationId: traceIdOf(request.headers) })
      if (isReplay) reply.header('idempotency-replayed', 'true')
      const credentials = await reveal(voucher.id, { timeoutMs: SESSION_WAIT_MS })
      return {
        success: true as const,
        voucher_id: voucher.id,
        status: 'redeemed' as const,
        package: shortOf(voucher.context.package),
        message: 'The voucher is redeemed. Your login is on its way by SMS, too.',
        ...(credentials === undefined ? {} : { credentials, login: loginForm(credentials, chap) }),
      }
    },
  )
}

export interface VoucherStaffDeps {
  packages: Packages
  guard: GuessGuard
  gate: SecondKey
  now: () => number
}

/** Under `/api`. */
export function voucherStaffRoutes(app: App, runtime: Runtime, parts: VoucherParts, { packages, guard, gate, now }: VoucherStaffDeps): void {
  const desk = voucherDesk(runtime, parts)

  app.post(
    '/vouchers/batches',
    {
      config: { permission: 'money' },
      schema: { tags: ['vouchers'], summary: 'Make a batch of vouchers', querystring: noQuery, body: batchBody, response: { 201: batchSchema, ...staffProblems('package-unknown', 'second-key-needed', 'idempotency-mismatch', ...WITH_BODY) } },
    },
    async (request, reply) => {
      const { principal, body } = request
      const { eventId, id = `vb_${sortableId()}`, options } = onceOnly(request, definitionOf(runtime, 'voucher-batch'), principal.tenant)
      const to = { tenant: principal.tenant, type: 'voucher-batch', id }
      const before = await madeFrom<VoucherBatchInput>(runtime, to, eventId)
      const input = await batchInputOf({ packages, now }, principal.tenant, body, before)
      if (before === undefined) await gate.demandOneSufficesFor(principal.tenant, to.type, input)
      const view = await runtime.create(to, input, { source: principal.source, ...options })
      reply.code(201).header('location', `/api/vouchers/batches/${view.id}`)
      return batchView(view, new Map())
    },
  )

  app.get(
    '/vouchers/batches/:id',
    { config: { permission: 'read' }, schema: { tags: ['vouchers'], summary: 'A batch and how much of it is used', params: batchParams, querystring: noQuery, response: { 200: batchSchema, ...staffProblems('actor-not-found') } } },
    async ({ principal, params }) => {
      const view = await findBatch(principal, params.id)
      return batchView(view, await parts.vouchers.statesOf(view.tenant, view.id))
    },
  )

  const shown = { params: batchParams, querystring: noQuery, tags: ['vouchers'] }
  const showProblems = staffProblems('actor-not-found', 'actor-done', 'event-not-accepted', 'actor-blocked')
  const never = z.string()

  app.get(
    '/vouchers/batches/:id/codes',
    { config: { permission: 'money' }, schema: { ...shown, summary: 'The codes of a batch that is open; who asks is kept', response: { 200: codesSchema, ...showProblems } } },
    async ({ principal, params }, reply) => {
      const { vouchers } = await show(principal, params.id, 'list')
      reply.header('cache-control', 'no-store')
      return { data: vouchers }
    },
  )

  app.get(
    '/vouchers/batches/:id/codes.csv',
    { config: { permission: 'money' }, schema: { ...shown, summary: 'The same as a table', response: { 200: never.describe('text/csv'), ...showProblems } } },
    async ({ principal, params }, reply) => {
      const { batch, vouchers } = await show(principal, params.id, 'csv')
      return sendText(reply.header('content-disposition', `attachment; filename="${params.id}.csv"`), 'text/csv; charset=utf-8', csvOf(batch, vouchers))
    },
  )

  app.get(
    '/vouchers/batches/:id/sheet',
    { config: { permission: 'money' }, schema: { ...shown, summary: 'The unused ones as a page to print', response: { 200: never.describe('text/html'), ...showProblems } } },
    async ({ principal, params }, reply) => {
      const { batch, vouchers } = await show(principal, params.id, 'sheet')
      return sendText(reply.header('content-security-policy', "default-src 'none'; style-src 'unsafe-inline'"), 'text/html; charset=utf-8', sheetOf(batch, vouchers))
    },
  )

  app.post(
    '/vouchers/check',
    { config: { permission: 'read' }, schema: { tags: ['vouchers'], summary: 'What becomes of a code; uses nothing up', description: GUARDED, querystring: noQuery, body: checkBody, response: { 200: voucherSchema, ...staffProblems(...REFUSALS, 'rate-limited', ...WITH_BODY) } } },
    async ({ principal, ip, body }) => voucherView(await findGuarded(principal, ip, body.code)),
  )

  app.post(
    '/vouchers/revoke',
    {
      config: { permission: 'money' },
      schema: { tags: ['vouchers'], summary: 'Take one voucher back, and the access that it gave', description: GUARDED, querystring: noQuery, body: revokeBody, response: { 200: voucherSchema, ...staffProblems(...REFUSALS, 'actor-blocked', 'rate-limited', ...WITH_BODY) } },
    },
    async ({ principal, ip, body }) => {
      const found = await findGuarded(principal, ip, body.code)
      return voucherView({ ...found, voucher: await desk.revoke(found, body.reason, principal.source) })
    },
  )

  /** Who may look codes up may not try them all out, nor may whoever has got hold of his key. */
  function findGuarded({ tenant, by }: Principal, ip: string, code: string): Promise<Found> {
    return guard.attempt({ ip, key: by }, () => desk.find(tenant, code))
  }

  async function findBatch({ tenant }: Principal, id: string): Promise<ActorView> {
    const view = await runtime.get({ tenant, type: 'voucher-batch', id })
    if (view === undefined) throw new StandingError('actor-not-found', `There is no batch '${id}'.`)
    return view
  }

  /** Written down first: whoever has seen codes is known. */
  async function show(principal: Principal, id: string, form: 'list' | 'csv' | 'sheet') {
    const { actor } = await runtime.send({ tenant: principal.tenant, type: 'voucher-batch', id }, { type: 'batch.show', form, by: principal.by }, { source: principal.source })
    const { name, package: offer, count, expiresAt } = actor.context as VoucherBatchContext
    const states = await parts.vouchers.statesOf(actor.tenant, actor.id)
    const vouchers = Array.from({ length: count }, (_one, index): SheetVoucher => ({ number: index + 1, code: parts.codes.code(actor, index + 1), state: stateOf(states.get(index + 1)) }))
    return { batch: { name, packageName: offer.name, expiresAt }, vouchers }
  }
}

function readRedeemer({ phone_number, mac_address, ...hotspot }: z.output<typeof redeemBody>) {
  const phone = normaliseKenyanPhone(phone_number)
  const mac = mac_address == null || mac_address.trim() === '' ? undefined : normaliseMac(mac_address)
  const read = challengeIn(hotspot)
  const errors = [
    ...(phone.ok ? [] : [{ pointer: '/phone_number', detail: phone.problem }]),
    ...(mac === undefined || mac.ok ? [] : [{ pointer: '/mac_address', detail: mac.problem }]),
    ...(read.ok ? [] : read.errors),
  ]
  if (!phone.ok || mac?.ok === false || !read.ok) throw new Problem('invalid-input', undefined, { errors })
  return { phone: phone.phone, macAddress: mac === undefined ? null : mac.mac, chap: read.chap }
}

function shortOf({ id, name }: { id: string; name: string }) {
  return { id, name }
}

function batchView(view: ActorView, states: ReadonlyMap<number, string>) {
  const { name, package: offer, count, issuedAt, expiresAt } = view.context as VoucherBatchContext
  const counted = (state: string): number => [...states.values()].filter((one) => one === state).length
  const [state = ''] = view.states
  const redeemed = counted('redeemed')
  // A batch that is revoked is so as a whole, but for what was used before.
  const revoked = state === 'revoked' ? count - redeemed : counted('revoked')
  return {
    id: view.id,
    name,
    state,
    package: shortOf(offer),
    count,
    redeemed,
    revoked,
    unused: count - redeemed - revoked,
    issued_at: new Date(issuedAt).toISOString(),
    expires_at: new Date(expiresAt).toISOString(),
  }
}

function voucherView({ batch, number, voucher }: Found) {
  const [batchState = ''] = batch.states
  const own = stateOf(voucher?.states[0])
  return {
    voucher_id: voucherId(batch.id, number),
    batch_id: batch.id,
    number,
    // A batch that is over is so for all that were not used.
    state: own === 'unused' && batchState !== 'open' ? batchState : own,
    package: shortOf(batch.context.package),
    expires_at: new Date(batch.context.expiresAt).toISOString(),
  }
}

function stateOf(state: string | undefined): string {
  return state === undefined || state === 'issued' ? 'unused' : state
}

function sendText(reply: FastifyReply, type: string, text: string): string {
  reply.type(type).header('cache-control', 'no-store').serializer(String)
  return text
}
