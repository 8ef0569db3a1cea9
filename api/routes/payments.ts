/** The public side of payments: price list, starting one, watching it. */
import { z } from 'zod'
import { normaliseMac } from '../../actors/gateways/mac.ts'
import { normaliseKenyanPhone } from '../../actors/gateways/phone.ts'
import type { App } from '../app-type.ts'
import type { AppDeps } from '../deps.ts'
import type { ActorView, Runtime } from '../../runtime/index.ts'
import { idempotencyKey, matchesIfNoneMatch } from '../http/headers.ts'
import { Problem } from '../http/problem.ts'
import { traceIdOf } from '../http/trace.ts'
import type { ClaimPayment } from '../payments/claimed.ts'
import type { Claims } from '../payments/claim.ts'
import { looksLikePaymentId } from '../payments/payment-id.ts'
import { claimedPayment, isDecided, isPaidAccess, majorUnits, minorUnits, paymentContext, paymentView } from '../payments/payment-view.ts'
import type { Rate, StkRates } from '../payments/rates.ts'
import type { Reveal } from '../payments/reveal.ts'
import type { PaymentOrder, StartPayment } from '../payments/start.ts'
import type { RateLimiter } from '../ports/rate-limiter.ts'
import { demandRate } from '../rate-limit.ts'
import { noQuery } from '../schemas/common.ts'
import { claimBody, packageView, paymentSchema, startBody, startedSchema, waitQuery } from '../schemas/payment.ts'
import { problems } from '../schemas/problem.ts'

export interface PaymentRouteDeps extends Pick<AppDeps, 'packages' | 'metrics'> {
  runtime: Runtime
  tenant: string
  claims: Claims
  start: StartPayment
  claim: ClaimPayment
  reveal: Reveal
  limiter: RateLimiter
  rates: StkRates
  closing: AbortSignal
  now: () => number
}

export function paymentRoutes(app: App, deps: PaymentRouteDeps): void {
  const { runtime, tenant, claims } = deps

  app.get(
    '/api/packages',
    { schema: { tags: ['payments'], summary: 'The price list', querystring: noQuery, response: { 200: z.object({ data: z.array(packageView) }), ...problems('invalid-input') } } },
    async () => {
      const packages = await deps.packages.list(tenant)
      return {
        data: packages.map((one) => ({
          id: one.id,
          name: one.name,
          description: one.description,
          amount: majorUnits(one.amount, one.currency),
          amount_minor: one.amount,
          currency: one.currency,
          duration_seconds: one.durationSeconds,
          data_bytes: one.dataBytes,
          upload_kbps: one.uploadKbps,
          download_kbps: one.downloadKbps,
          devices: one.devices,
        })),
      }
    },
  )

  app.post(
    '/api/payments/stk',
    {
      schema: {
        tags: ['payments'],
        summary: 'Start a payment: the phone is prompted for its M-Pesa PIN',
        description: 'Header `Idempotency-Key`: the same key gives the same payment.',
        querystring: noQuery,
        body: startBody,
        response: { 202: startedSchema, ...problems('invalid-input', 'package-unknown', 'subscription-unknown', 'idempotency-mismatch', 'prompt-open', 'rate-limited', 'payload-too-large', 'unsupported-media-type') },
      },
    },
    async (request, reply) => {
      const key = idempotencyKey(request)
      const order = readOrder(request.body)
      reply.headers(await limited('ip', deps.rates.stkPerIp, request.ip))
      const { view, isReplay } = await deps.start(order, {
        idempotencyKey: key,
        correlationId: traceIdOf(request.headers),
        clientHash: claims.clientHash(request.ip),
        beforeNew: async () => {
          if (order.macAddress !== null) reply.headers(await limited('device', deps.rates.stkPerMac, order.macAddress))
          reply.headers(await limited('phone', deps.rates.stkPerPhone, order.phone))
        },
      })
      reply.code(202).header('location', `/api/payments/${view.id}`).header('set-cookie', claims.cookieFor(view.id))
      if (isReplay) reply.header('idempotency-replayed', 'true')
      const { checkoutRequestId } = paymentContext(view)
      return {
        success: true as const,
        payment_id: view.id,
        transaction_id: checkoutRequestId,
        data: { CheckoutRequestID: checkoutRequestId, payment_id: view.id },
      }
    },
  )

  app.get(
    '/api/payments/:payment_id',
    {
      schema: {
        tags: ['payments'],
        summary: 'What became of a payment',
        description: 'With `wait` the answer comes when the payment is decided, or with `If-None-Match` when it has changed, or when the time is over.',
        params: z.object({ payment_id: z.string() }),
        querystring: waitQuery,
        response: { 200: paymentSchema, 304: z.null().describe('Not modified'), ...problems('invalid-input', 'payment-not-found') },
      },
    },
    async (request, reply) => {
      const id = request.params.payment_id
      const until = deps.now() + request.query.wait
      const isNews = (seq: number) => request.headers['if-none-match'] !== undefined && !matchesIfNoneMatch(request, etagOf(seq))
      const view = await watch(id, isNews, request.query.wait)
      reply.header('cache-control', 'no-store').header('etag', etagOf(view.seq))
      const credentials = isPaidAccess(view) && mayBeShown(request, view) ? await deps.reveal(id, { timeoutMs: until - deps.now() }) : undefined
      if (credentials === undefined && matchesIfNoneMatch(request, etagOf(view.seq))) return reply.code(304).send(null)
      return { ...paymentView(view, runtime.definition('payment')), ...(credentials === undefined ? {} : { credentials }) }
    },
  )

  app.post(
    '/api/payments/:payment_id/claim',
    {
      schema: {
        tags: ['payments'],
        summary: 'I have paid: here is my receipt',
        description: 'We look again at once: at the prompt, and at all that the provider has taken in. The receipt by itself grants nothing.',
        params: z.object({ payment_id: z.string() }),
        querystring: noQuery,
        body: claimBody,
        response: { 202: paymentSchema, ...problems('invalid-input', 'payment-not-found', 'rate-limited', 'payload-too-large', 'unsupported-media-type') },
      },
    },
    async (request, reply) => {
      const id = request.params.payment_id
      reply.headers(await limited('claim', deps.rates.stkPerPhone, id))
      const address = { tenant, type: 'payment', id }
      const view = looksLikePaymentId(id) ? await runtime.get(address) : undefined
      if (view === undefined) throw new Problem('payment-not-found')
      const later = await deps.claim(address, request.body.receipt)
      return reply.code(202).header('cache-control', 'no-store').send(paymentView(later ?? view, runtime.definition('payment')))
    },
  )

  async function watch(id: string, isNews: (seq: number) => boolean, waitMs: number) {
    const address = { tenant, type: 'payment', id }
    const view = looksLikePaymentId(id) ? await runtime.get(address) : undefined
    if (view === undefined) throw new Problem('payment-not-found')
    if (waitMs === 0 || deps.closing.aborted || isDecided(view) || isNews(view.seq)) return view
    const later = await runtime.waitFor(address, (now) => isDecided(now) || isNews(now.seq), { timeoutMs: waitMs, signal: deps.closing })
    return later ?? (await runtime.get(address)) ?? view
  }

  function mayBeShown(request: { headers: { cookie?: string | undefined }; ip: string }, view: ActorView): boolean {
    return claims.isPayer({ cookieHeader: request.headers.cookie, ip: request.ip }, claimedPayment(view))
  }

  async function limited(name: string, rate: Rate, key: string): Promise<Record<string, string>> {
    try {
      return await demandRate(deps.limiter, { name, ...rate }, key)
    } catch (error) {
      deps.metrics.rateLimited(name)
      throw error
    }
  }
}

/** Not the actor's own tag: a payment seen by others than the payer has no credentials in it. */
function etagOf(seq: number): string {
  return `"p${seq}"`
}

function readOrder({ phone_number, package_id, subscription_id, amount, mac_address }: z.output<typeof startBody>): PaymentOrder {
  const phone = normaliseKenyanPhone(phone_number)
  const mac = mac_address === undefined || mac_address === null || mac_address.trim() === '' ? undefined : normaliseMac(mac_address)
  const errors = [
    ...(phone.ok ? [] : [{ pointer: '/phone_number', detail: phone.problem }]),
    ...(mac === undefined || mac.ok ? [] : [{ pointer: '/mac_address', detail: mac.problem }]),
  ]
  if (!phone.ok || mac?.ok === false) throw new Problem('invalid-input', undefined, { errors })
  return {
    phone: phone.phone,
    macAddress: mac === undefined ? null : mac.mac,
    ...(package_id === undefined ? {} : { packageId: package_id }),
    ...(subscription_id === undefined ? {} : { subscriptionId: subscription_id }),
    ...(amount === undefined ? {} : { amount: minorUnits(amount, 'KES') }),
  }
}
