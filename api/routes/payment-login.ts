/** Logs the paying device in without typing: the fields that its page posts to the hotspot (docs/portal.md). */
import { z } from 'zod'
import type { App } from '../app-type.ts'
import { Problem } from '../http/problem.ts'
import type { Claims } from '../payments/claim.ts'
import { looksLikePaymentId } from '../payments/payment-id.ts'
import { claimedPayment, isPaidAccess } from '../payments/payment-view.ts'
import type { AnswerChallenge, Reveal } from '../payments/reveal.ts'
import type { RateLimiter } from '../ports/rate-limiter.ts'
import { demandRate } from '../rate-limit.ts'
import type { Runtime } from '../../runtime/index.ts'
import { noQuery } from '../schemas/common.ts'
import { challengeIn, hotspotLoginSchema, loginBody } from '../schemas/hotspot-login.ts'
import { problems } from '../schemas/problem.ts'

export interface PaymentLoginDeps {
  runtime: Runtime
  tenant: string
  claims: Claims
  reveal: Reveal
  answer: AnswerChallenge
  limiter: RateLimiter
}

/** A device that moves about loses its connection now and then; whoever collects answers needs many more. */
const LOGINS_PER_PAYMENT = { name: 'login', limit: 10, windowMs: 60_000 }
/** For the session to be there. */
const SESSION_WAIT_MS = 2_000

export function paymentLoginRoute(app: App, { runtime, tenant, claims, reveal, answer, limiter }: PaymentLoginDeps): void {
  app.post(
    '/api/payments/:payment_id/login',
    {
      schema: {
        tags: ['payments'],
        summary: 'Log the paying device in at its hotspot, without typing',
        description:
          'Answers the paying browser with the fields for the login form of the hotspot. With a challenge of the hotspot (`login-by=http-chap`) the password is the answer to it, as often as the ' +
          'access can be used; without one it is the password itself, shown once like the credentials of the payment.',
        params: z.object({ payment_id: z.string() }),
        querystring: noQuery,
        body: loginBody,
        response: { 200: hotspotLoginSchema, ...problems('invalid-input', 'forbidden', 'payment-not-found', 'login-not-given', 'rate-limited', 'payload-too-large', 'unsupported-media-type') },
      },
    },
    async (request, reply) => {
      const id = request.params.payment_id
      const read = challengeIn(request.body)
      if (!read.ok) throw new Problem('invalid-input', undefined, { errors: read.errors })
      const view = looksLikePaymentId(id) ? await runtime.get({ tenant, type: 'payment', id }) : undefined
      if (view === undefined) throw new Problem('payment-not-found')
      if (!claims.isPayer({ cookieHeader: request.headers.cookie, ip: request.ip }, claimedPayment(view))) throw new Problem('forbidden', 'Only the browser that has paid is given the login.')
      reply.headers(await demandRate(limiter, LOGINS_PER_PAYMENT, id)).header('cache-control', 'no-store')
      const waiting = { timeoutMs: SESSION_WAIT_MS }
      const login = isPaidAccess(view) ? await (read.chap === undefined ? reveal(id, waiting) : answer(id, read.chap, waiting)) : undefined
      if (login === undefined) throw new Problem('login-not-given')
      return login
    },
  )
}
