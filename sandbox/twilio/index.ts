/** The Twilio stand-in: a real HTTP server with Twilio's shapes, which signs its status callbacks as Twilio does. */
import { createHmac, randomBytes } from 'node:crypto'
import type { FastifyReply } from 'fastify'
import { z } from 'zod'
import { createBackground } from '../background.ts'
import { createJournal } from '../journal.ts'
import { createServer, listen, type ListenOptions } from '../server.ts'

/** What the stand-in takes unless told otherwise. */
export const TWILIO_SANDBOX_CREDENTIALS = { accountSid: 'AC00000000000000000000000000000000', authToken: 'sandbox-auth-token' } as const

/** `refuse`: HTTP status and Twilio's code of the next answers, instead of taking the message. */
export interface TwilioBehaviour {
  refuse?: { status: number; code: number; message?: string }
  /** Status callbacks, in this order. Default: sent, delivered. */
  reports?: readonly string[]
  /** With the answer, as Twilio does for a few senders. */
  price?: string
  /** Signs its callbacks with this instead of the auth token. */
  signWith?: string
}

export interface TwilioMessage {
  id: string
  /** Digits with country code, without plus. */
  to: string
  from: string
  text: string
  /** RFC 3339 UTC. */
  at: string
  /** HTTP status of the answer to each callback. */
  reports: { status: string; httpStatus: number }[]
}

export interface TwilioOptions extends ListenOptions {
  credentials?: { accountSid: string; authToken: string }
  behaviour?: TwilioBehaviour
  /** Milliseconds since the epoch. Default `Date.now`. */
  clock?: () => number
  /** Default 500 ms. */
  reportAfterMs?: number
}

export interface Twilio {
  /** Base URL, for TWILIO_BASE_URL. */
  url: string
  /** From now on. */
  behave(behaviour: TwilioBehaviour): void
  messages(): TwilioMessage[]
  until(fits: (message: TwilioMessage) => boolean): Promise<TwilioMessage>
  idle(): Promise<void>
  stop(): Promise<void>
}

const MESSAGES_MAX = 1_000
const CALLBACK_LIMIT_MS = 10_000

/** The magic phones of the SMS stand-in are no use here either, so that what they stand for happens. */
const MAGIC_PHONE = /^\+25470002[01]\d{3}$/

const sendForm = z.object({ To: z.string().min(1), Body: z.string().min(1), From: z.string().optional(), MessagingServiceSid: z.string().optional(), StatusCallback: z.string().optional() })

export async function startTwilio(options: TwilioOptions = {}): Promise<Twilio> {
  const { credentials = TWILIO_SANDBOX_CREDENTIALS, clock = Date.now, reportAfterMs = 500 } = options
  let behaviour = options.behaviour ?? {}
  const background = createBackground()
  const journal = createJournal<TwilioMessage>(MESSAGES_MAX)
  const expected = `Basic ${Buffer.from(`${credentials.accountSid}:${credentials.authToken}`).toString('base64')}`

  async function report(message: TwilioMessage, url: string, status: string, signWith: string): Promise<void> {
    const params = { AccountSid: credentials.accountSid, From: message.from, MessageSid: message.id, MessageStatus: status, SmsSid: message.id, SmsStatus: status, To: `+${message.to}` }
    const signed = url + Object.entries(params).map(([name, value]) => name + value).join('')
    const response = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/x-www-form-urlencoded', 'x-twilio-signature': createHmac('sha1', signWith).update(signed).digest('base64') },
      body: new URLSearchParams(params).toString(),
      signal: AbortSignal.any([background.signal, AbortSignal.timeout(CALLBACK_LIMIT_MS)]),
    }).catch(() => undefined)
    message.reports.push({ status, httpStatus: response?.status ?? 0 })
    journal.changed()
  }

  const app = createServer()
  app.post('/2010-04-01/Accounts/:sid/Messages.json', async (request, reply): Promise<FastifyReply> => {
    const refuse = (status: number, code: number, message: string) => reply.code(status).send({ code, message, more_info: `https://www.twilio.com/docs/errors/${code}`, status })
    if (request.headers.authorization !== expected) return await refuse(401, 20003, 'Authenticate')
    const form = sendForm.safeParse(request.body)
    if (!form.success) return await refuse(400, 21602, 'Message body is required')
    const { To, Body, From, MessagingServiceSid, StatusCallback } = form.data
    if (!/^\+[1-9]\d{6,14}$/.test(To)) return await refuse(400, 21211, `Invalid 'To' Phone Number: ${To}`)
    if (MAGIC_PHONE.test(To)) return await refuse(400, 30006, 'Landline or unreachable carrier')
    const { refuse: refused, reports = ['sent', 'delivered'], price = null, signWith = credentials.authToken } = behaviour
    if (refused !== undefined) return await refuse(refused.status, refused.code, refused.message ?? 'Refused by the sandbox')
    const id = `SM${randomBytes(16).toString('hex')}`
    const message: TwilioMessage = { id, to: To.slice(1), from: From ?? MessagingServiceSid ?? '', text: Body, at: new Date(clock()).toISOString(), reports: [] }
    journal.add(id, message)
    if (StatusCallback !== undefined) {
      reply.raw.once('close', () => {
        background.run(async () => {
          await background.wait(reportAfterMs)
          for (const status of reports) await report(message, StatusCallback, status, signWith)
        })
      })
    }
    return await reply.code(201).send({ sid: id, status: 'queued', num_segments: '1', price, price_unit: 'USD', error_code: null, to: To, body: Body })
  })

  const url = await listen(app, options)
  return {
    url,
    behave: (next) => { behaviour = next },
    messages: () => journal.list().map((message) => ({ ...message })),
    until: (fits) => journal.until(fits),
    idle: () => background.idle(),
    async stop() {
      await Promise.all([app.close(), background.stop()])
    },
  }
}
