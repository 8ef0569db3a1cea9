/**
 * Web hooks in. The order is the promise: stored durably, then answered, then processed. Nothing about the body is
 * judged before it is stored, so that odd forms and broken ones are kept too and the sender does not hammer.
 */
import type { FastifyReply, FastifyRequest } from 'fastify'
import { createHash, timingSafeEqual } from 'node:crypto'
import type { IncomingHttpHeaders } from 'node:http'
import { z } from 'zod'
import { isSignedByTwilio } from '../../actors/gateways/sms/twilio-report.ts'
import type { App } from '../app-type.ts'
import type { TwilioHook } from '../deps.ts'
import { allowedIps, type IsAllowed } from '../hooks/allowed-ips.ts'
import { rejected, type ValidationAnswer } from '../hooks/daraja-c2b.ts'
import { contentHash } from '../hooks/content-hash.ts'
import { kindOf } from '../hooks/handler.ts'
import type { InboxWriter } from '../hooks/inbox-writer.ts'
import { keptHeaders } from '../hooks/kept-headers.ts'
import { isPlain } from '../hooks/plain-text.ts'
import type { HookProcessor } from '../hooks/processor.ts'
import { storedBody } from '../hooks/stored-body.ts'
import { Problem } from '../http/problem.ts'
import type { Log } from '../../runtime/index.ts'
import type { EdgeMetrics } from '../metrics.ts'
import type { HookInbox, NewHook } from '../ports/hook-inbox.ts'
import { problems } from '../schemas/problem.ts'

const BODY_BYTES_MAX = 64 * 1_024
/** The sweep leaves fresh ones to the process that stored them. */
const SWEEP_GRACE_MS = 5_000

export interface HookRouteDeps {
  writer: InboxWriter
  inbox: Pick<HookInbox, 'reschedule'>
  processor: Pick<HookProcessor, 'accept'>
  metrics: Pick<EdgeMetrics, 'hookReceived'>
  log: Log
  now: () => number
  /** Answers a C2B validation. */
  validate: (body: Buffer) => Promise<ValidationAnswer>
  darajaSecret?: string | undefined
  smsSecret?: string | undefined
  darajaAllowedIps?: readonly string[] | undefined
  twilio?: TwilioHook | undefined
}

interface Hook {
  path: string
  provider: string
  kind: string
  summary: string
  /** Set when the address may have one part more, which names whom it is about. */
  subject?: string
  secret: string | undefined
  isAllowed: IsAllowed
  /** For providers that sign what they send. */
  isSigned?: (request: FastifyRequest, body: Buffer) => boolean
  /** Text: TwiML. */
  answer: Record<string, string | number> | string
  /** Its body has no id of the message: the same words at another time are another message. */
  isAnonymous?: true
}

/** Twilio takes an empty document for: nothing to reply. */
const NO_REPLY = '<?xml version="1.0" encoding="UTF-8"?><Response/>'

export function hookRoutes(app: App, deps: HookRouteDeps): void {
  app.removeAllContentTypeParsers()
  app.addContentTypeParser('*', { parseAs: 'buffer', bodyLimit: BODY_BYTES_MAX }, (_request, body, done) => done(null, body))

  addHook({
    path: '/hooks/daraja/:secret/stk',
    provider: 'daraja',
    kind: 'stk',
    summary: "Safaricom's STK callback",
    subject: 'payment_id',
    secret: deps.darajaSecret,
    isAllowed: allowedIps(deps.darajaAllowedIps),
    answer: { ResultCode: 0, ResultDesc: 'Accepted' },
  })
  const daraja = { provider: 'daraja', secret: deps.darajaSecret, isAllowed: allowedIps(deps.darajaAllowedIps) }
  addHook({ ...daraja, path: '/hooks/daraja/:secret/c2b/confirmation', kind: 'c2b', summary: 'A payer has used the paybill', answer: { ResultCode: 0, ResultDesc: 'Success' } })
  addHook({ ...daraja, path: '/hooks/daraja/:secret/result', kind: 'result', summary: 'Result of a return, or of the question what became of it', subject: 'payment_id', answer: { ResultCode: 0, ResultDesc: 'Accepted' } })
  addHook({ ...daraja, path: '/hooks/daraja/:secret/timeout', kind: 'timeout', summary: "Safaricom's queue gave a return up", subject: 'payment_id', answer: { ResultCode: 0, ResultDesc: 'Accepted' } })
  addValidation()
  addHook({ path: '/hooks/sms/:secret/delivery', provider: 'sms', kind: 'delivery', summary: 'Delivery report of an SMS', secret: deps.smsSecret, isAllowed: () => true, answer: { status: 'accepted' } })
  const sms = { provider: 'sms', secret: deps.smsSecret, isAllowed: () => true, answer: { status: 'accepted' } }
  addHook({ ...sms, path: '/hooks/sms/:secret/inbound', kind: 'inbound', summary: 'An SMS from a customer: STOP and START are minded' })
  addHook({ ...sms, path: '/hooks/sms/:secret/opt-out', kind: 'opt-out', summary: 'A customer has opted out with the network', isAnonymous: true })
  const { twilio } = deps
  const signed = (what: 'status' | 'inbound') => ({
    path: `/hooks/twilio/:secret/${what}`,
    provider: 'twilio',
    kind: what,
    secret: twilio?.secret,
    isAllowed: () => true,
    isSigned: (request: FastifyRequest, body: Buffer) => twilio !== undefined && isSignedByTwilio({ authToken: twilio.authToken, url: twilio.url(what), body, signature: headerOf(request, 'x-twilio-signature') }),
  })
  addHook({ ...signed('status'), summary: "Twilio's status callback, signed", answer: { status: 'accepted' } })
  addHook({ ...signed('inbound'), summary: 'An SMS from a customer by Twilio, signed: STOP and START are minded', answer: NO_REPLY })

  function addHook(hook: Hook): void {
    addRoute(hook, hook.path)
    if (hook.subject !== undefined) addRoute(hook, `${hook.path}/:${hook.subject}`)
  }

  function addRoute(hook: Hook, path: string): void {
    const { answer } = hook
    const isText = typeof answer === 'string'
    const answers = isText ? z.never().describe('text/xml') : z.object(Object.fromEntries(Object.keys(answer).map((name) => [name, z.union([z.string(), z.number()])])))
    app.post(
      path,
      {
        config: { takesAnything: true },
        onRequest: secretCheck(hook.secret),
        schema: {
          tags: ['hooks'],
          summary: hook.summary,
          description: 'Takes any body up to 64 kB; it is stored before it is answered.',
          params: z.object(Object.fromEntries([...path.matchAll(/:(\w+)/g)].map(([, name = '']) => [name, z.string()]))),
          response: { 200: answers, ...problems('route-not-found', 'payload-too-large') },
        },
      },
      async (request, reply) => {
        await receive(hook, request)
        if (isText) reply.type('text/xml; charset=utf-8').serializer(String)
        return answer as never
      },
    )
  }

  /** Nothing has happened yet, so nothing is stored: the answer decides whether it happens. */
  function addValidation(): void {
    const isAllowed = allowedIps(deps.darajaAllowedIps)
    app.post(
      '/hooks/daraja/:secret/c2b/validation',
      {
        config: { takesAnything: true },
        onRequest: secretCheck(deps.darajaSecret),
        schema: {
          tags: ['hooks'],
          summary: 'May this payer use the paybill?',
          description: '`0`, or C2B00012 (account), C2B00013 (amount), C2B00015 (shortcode), C2B00016 (other).',
          params: z.object({ secret: z.string() }),
          response: { 200: z.object({ ResultCode: z.string(), ResultDesc: z.string() }), ...problems('route-not-found', 'payload-too-large') },
        },
      },
      async (request) => {
        const trusted = isAllowed(request.ip)
        const answer = trusted ? await deps.validate(Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0)) : rejected('C2B00016')
        deps.metrics.hookReceived('daraja', trusted ? 'fresh' : 'forged')
        return answer
      },
    )
  }

  async function receive({ provider, kind: plainKind, subject, isAllowed, isSigned, isAnonymous }: Hook, request: FastifyRequest): Promise<void> {
    const named = subject === undefined ? undefined : (request.params as Record<string, string>)[subject]
    // An odd name at the end of the address is nobody's; the body may still say whom it is about.
    const kind = kindOf(plainKind, named !== undefined && isPlain(named) ? named : undefined)
    const bytes = Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0)
    const trusted = isAllowed(request.ip) && (isSigned?.(request, bytes) ?? true)
    const now = deps.now()
    const hook: NewHook = {
      provider,
      kind,
      contentHash: contentHash({ provider, kind, trusted, body: bytes, ...(isAnonymous === true ? { receivedAt: now } : {}) }),
      body: storedBody(bytes),
      headers: keptHeaders(request.headers),
      remoteIp: request.ip,
      receivedAt: now,
      nextAttemptAt: now + SWEEP_GRACE_MS,
      outcome: trusted ? null : 'forged',
    }
    const stored = await store(hook)
    deps.metrics.hookReceived(provider, trusted ? (stored.fresh ? 'fresh' : 'repeated') : 'forged')
    if (!trusted) deps.log.warn({ hook: stored.id, provider, kind, remoteIp: request.ip, traceId: request.id }, 'web hook from a foreign address or without a true signature: quarantined')
    else if (stored.fresh) deps.processor.accept([{ id: stored.id, provider, kind, contentHash: hook.contentHash, body: hook.body, receivedAt: now, attempts: 0 }])
    // It came again, so perhaps there is somebody by now whom it is about.
    else if (stored.outcome === 'unmatched') await deps.inbox.reschedule([{ id: stored.id, nextAttemptAt: now, note: 'came again' }])
  }

  async function store(hook: NewHook) {
    try {
      return await deps.writer.write(hook)
    } catch (error) {
      // Not stored means not answered: the provider must come again.
      deps.log.error({ err: error, provider: hook.provider, kind: hook.kind }, 'a web hook could not be stored')
      throw new Problem('overloaded', 'It could not be stored; send it again.')
    }
  }
}

function headerOf(request: FastifyRequest, name: string): string | undefined {
  const value = request.headers[name]
  return typeof value === 'string' ? value : undefined
}

/** Before the body is read. A wrong secret looks like an address that does not exist. */
function secretCheck(secret: string | undefined) {
  const expected = secret === undefined ? undefined : digest(secret)
  return (request: FastifyRequest, _reply: FastifyReply, done: (error?: Error) => void): void => {
    const given = digest((request.params as { secret: string }).secret)
    if (expected === undefined || !timingSafeEqual(given, expected)) {
      done(new Problem('route-not-found'))
      return
    }
    makeReadable(request.raw.headers)
    done()
  }
}

/** A content type that cannot be read must not cost us the body; the bytes decide what it is. */
function makeReadable(headers: IncomingHttpHeaders): void {
  const mediaType = /^[\w.+-]+\/[\w.+-]+/.exec(headers['content-type'] ?? '')?.[0]
  if (mediaType === undefined) delete headers['content-type']
  else headers['content-type'] = mediaType
}

/** Of equal length whatever was given, so that the comparison tells nothing. */
function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest()
}
