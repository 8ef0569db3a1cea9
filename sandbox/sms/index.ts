/**
 * The SMS stand-in: a real HTTP server with Africa's Talking's shapes. For the sandbox mode and for tests;
 * what was "sent" is kept in a bounded outbox.
 */
import type { FastifyReply } from 'fastify'
import { z } from 'zod'
import { createBackground } from '../background.ts'
import type { DeliveryRules } from '../delivery.ts'
import { createScenarios } from '../scenarios.ts'
import { createServer, listen, type ListenOptions } from '../server.ts'
import { RECIPIENTS_MAX, sentBody } from './answers.ts'
import type { SmsBehaviour } from './behaviours.ts'
import { createSmsControl, registerSmsControl, type SmsControl } from './control.ts'
import { magicSms } from './magic.ts'
import { createMessages } from './messages.ts'

/** What the stand-in takes unless told otherwise. */
export const SMS_SANDBOX_CREDENTIALS = { username: 'sandbox', apiKey: 'sandbox-api-key' } as const

export interface SmsOptions extends ListenOptions {
  credentials?: { username: string; apiKey: string }
  /** Where delivery reports are POSTed; may be set later. */
  reportUrl?: string
  /** Milliseconds since the epoch; delays are real time. Default `Date.now`. */
  clock?: () => number
  /** Behaviour of every message that has none of its own. Default: accepted, then delivered. */
  defaults?: SmsBehaviour
  /** Default 500 ms. */
  reportAfterMs?: number
  /** How many messages are remembered. Default 1,000. */
  messagesMax?: number
  delivery?: DeliveryRules
}

export interface Sms {
  /** Base URL, for AT_BASE_URL. */
  url: string
  control: SmsControl
  stop(): Promise<void>
}

const sendForm = z.object({
  username: z.string(),
  to: z.string().min(1),
  message: z.string().min(1),
  from: z.string().optional(),
})

export async function startSms(options: SmsOptions = {}): Promise<Sms> {
  const { clock = Date.now, credentials = SMS_SANDBOX_CREDENTIALS } = options
  const background = createBackground()
  const scenarios = createScenarios<SmsBehaviour>({ send: 'accept', ...options.defaults })
  const messages = createMessages({
    clock,
    reportUrl: options.reportUrl,
    reportAfterMs: options.reportAfterMs ?? 500,
    messagesMax: options.messagesMax ?? 1_000,
    delivery: options.delivery ?? {},
  }, background)
  const control = createSmsControl({ scenarios, messages, background })

  /** Takes one message; the answer is judged per recipient, what happens to the connection by the first. */
  async function take(number: string, text: string, from: string | undefined) {
    const phone = number.replace(/\D/g, '')
    const isPhone = /^\+?[1-9]\d{6,14}$/.test(number)
    const behaviour = isPhone ? scenarios.take(phone, magicSms(phone)) : { send: { statusCode: 403 } }
    if (typeof behaviour.send === 'object' && 'httpStatus' in behaviour.send) return { behaviour, message: undefined, number }
    const statusCode = typeof behaviour.send === 'object' ? behaviour.send.statusCode : 101
    const message = messages.add({ to: phone, text, statusCode, ...(from === undefined ? {} : { from }) })
    await messages.reportEarly(message, behaviour)
    return { behaviour, message, number }
  }

  const app = createServer()
  app.post('/version1/messaging', async (request, reply): Promise<FastifyReply> => {
    const form = sendForm.safeParse(request.body)
    if (request.headers['apikey'] !== credentials.apiKey || form.data?.username !== credentials.username) {
      return await reply.code(401).type('text/plain').send('The supplied authentication is invalid')
    }
    const numbers = form.data.to.split(',').map((number) => number.trim()).slice(0, RECIPIENTS_MAX)
    const taken: Awaited<ReturnType<typeof take>>[] = []
    for (const number of numbers) taken.push(await take(number, form.data.message, form.data.from))
    const reportLater = () => { for (const { message, behaviour } of taken) if (message !== undefined) messages.reportLater(message, behaviour) }
    const how = taken[0]?.behaviour.send
    if (typeof how === 'object' && 'httpStatus' in how) return await reply.code(how.httpStatus).type('text/plain').send('Service unavailable')
    if (how === 'timeout-after-accepting' || how === 'reset-after-accepting') {
      reportLater()
      reply.hijack()
      if (how === 'reset-after-accepting') reply.raw.socket?.resetAndDestroy()
      return reply
    }
    // Counted from when the answer is out: a report before it is a behaviour of its own.
    reply.raw.once('close', reportLater)
    const rows = taken.map(({ message, number }) => ({ statusCode: message?.statusCode ?? 500, number, messageId: message?.id ?? 'None' }))
    return await reply.code(201).send(sentBody(rows))
  })
  registerSmsControl(app, control)

  const url = await listen(app, options)
  return {
    url,
    control,
    async stop() {
      await Promise.all([app.close(), background.stop()])
    },
  }
}
