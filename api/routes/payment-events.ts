/** One payment's status as server-sent events, for a browser that waits for it: as much as `GET /api/payments/{id}` shows, never credentials. */
import type { ServerResponse } from 'node:http'
import { z } from 'zod'
import type { App } from '../app-type.ts'
import { perAddress } from '../channels/per-address.ts'
import type { ChannelLimits } from '../channels/limits.ts'
import { Problem } from '../http/problem.ts'
import { looksLikePaymentId } from '../payments/payment-id.ts'
import { isDecided, paymentView } from '../payments/payment-view.ts'
import { noQuery } from '../schemas/common.ts'
import { problems } from '../schemas/problem.ts'
import type { ActorView, Runtime } from '../../runtime/index.ts'

export interface PaymentEventDeps {
  runtime: Pick<Runtime, 'get' | 'waitFor' | 'definition'>
  tenant: string
  limits: Pick<ChannelLimits, 'connections' | 'connectionsPerAddress' | 'heartbeatMs'>
  closing: AbortSignal
}

const RETRY_MS = 2_000

export function paymentEventRoute(app: App, { runtime, tenant, limits, closing }: PaymentEventDeps): void {
  let open = 0
  const addresses = perAddress(limits.connectionsPerAddress)

  app.get(
    '/api/payments/:payment_id/events',
    {
      schema: {
        tags: ['payments'],
        summary: 'What becomes of a payment, as server-sent events',
        description:
          'Events `status` with the payment as `GET /api/payments/{payment_id}` shows it (without credentials): at once, and at each change until it is decided. ' +
          'Then the stream ends, and an EventSource that comes back with its `Last-Event-ID` hears 204, which tells it to stay away.',
        params: z.object({ payment_id: z.string() }),
        querystring: noQuery,
        response: { 200: { description: 'A stream', content: { 'text/event-stream': { schema: z.string() } } }, 204: z.null().describe('It is decided, and you know it'), ...problems('invalid-input', 'payment-not-found', 'rate-limited') },
      },
    },
    async ({ params: { payment_id: id }, headers, ip }, reply) => {
      const address = { tenant, type: 'payment', id }
      const view = looksLikePaymentId(id) ? await runtime.get(address) : undefined
      if (view === undefined) throw new Problem('payment-not-found')
      if (isDecided(view) && headers['last-event-id'] === idOf(view)) return reply.code(204).send(null)
      if (closing.aborted || open >= limits.connections) throw new Problem('overloaded', 'Too many streams; come back in a while.')
      if (!addresses.take(ip)) throw new Problem('rate-limited', 'Too many streams of this address; end one of them.')
      open++
      reply.hijack()
      try {
        await tellUntilDecided(reply.raw, view)
      } finally {
        open--
        addresses.giveBack(ip)
        reply.raw.end()
      }
    },
  )

  async function tellUntilDecided(response: ServerResponse, first: ActorView): Promise<void> {
    const gone = new AbortController()
    response.on('close', () => gone.abort())
    response.on('error', () => gone.abort())
    const signal = AbortSignal.any([gone.signal, closing])
    response.writeHead(200, { 'content-type': 'text/event-stream; charset=utf-8', 'cache-control': 'no-store', 'x-accel-buffering': 'no', connection: 'close' })
    response.write(`retry: ${RETRY_MS}\n\n${statusEvent(first)}`)
    for (let told = first; !isDecided(told) && !signal.aborted; ) {
      const { seq } = told
      const next = await runtime.waitFor(told, (now) => now.seq > seq, { timeoutMs: limits.heartbeatMs, signal })
      if (signal.aborted) return
      response.write(next === undefined ? ': still here\n\n' : statusEvent(next))
      told = next ?? told
    }
  }

  function statusEvent(view: ActorView): string {
    return `id: ${idOf(view)}\nevent: status\ndata: ${JSON.stringify(paymentView(view, runtime.definition('payment')))}\n\n`
  }
}

function idOf({ seq }: ActorView): string {
  return `p${seq}`
}
