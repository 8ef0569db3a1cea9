/** `POST /mpesa/stkpush/v1/processrequest`: checks, chooses a behaviour, and plays it. */
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Background } from '../background.ts'
import type { Scenarios } from '../scenarios.ts'
import { refusal, type Answer } from './answers.ts'
import type { Behaviour } from './behaviours.ts'
import { magicBehaviour } from './magic.ts'
import type { Prompt, Prompts } from './prompts.ts'
import type { Tokens } from './tokens.ts'
import { validatePush, type Merchant, type Push } from './validate.ts'

export interface StkPushParts {
  merchant: Merchant
  tokens: Tokens
  prompts: Prompts
  scenarios: Scenarios<Behaviour>
  background: Background
  /** Whether a second prompt for a phone with an open one is refused, as Safaricom does (code 1001). */
  refusesSecondPrompt: boolean
}

const SLOW_MS = 5_000
const PHONES_MAX = 1_000

export function createStkPush(parts: StkPushParts) {
  const countPush = createCounter(PHONES_MAX)

  return async (request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> => {
    const unauthorised = parts.tokens.judge(request.headers.authorization, request.id)
    if (unauthorised !== undefined) return await send(reply, unauthorised)
    const push = validatePush(request.body, parts.merchant, request.id)
    if ('status' in push) return await send(reply, push)

    const facts = { amount: push.amount, pushesBefore: countPush(push.phone) }
    const behaviour = parts.scenarios.take(push.phone, magicBehaviour(push.phone, facts))
    const refused = refuse(push, behaviour, request.id, parts)
    if (refused !== undefined) return await send(reply, refused)

    const prompt = parts.prompts.open(push, behaviour)
    await parts.prompts.deliverEarly(prompt, behaviour)
    return await acceptAs(behaviour, prompt, reply, parts)
  }
}

function refuse(push: Push, behaviour: Behaviour, requestId: string, parts: StkPushParts): Answer | undefined {
  if (typeof behaviour.push === 'object') return refusal(behaviour.push.error, requestId)
  if (behaviour.push === 'token-expired') {
    parts.tokens.expireAll()
    return refusal('token-404', requestId)
  }
  return parts.refusesSecondPrompt && parts.prompts.hasOpenFor(push.phone) ? refusal('subscriber-locked', requestId) : undefined
}

async function acceptAs(behaviour: Behaviour, prompt: Prompt, reply: FastifyReply, { prompts, background }: StkPushParts): Promise<FastifyReply> {
  const accepted: Answer = {
    status: 200,
    body: {
      MerchantRequestID: prompt.merchantRequestId,
      CheckoutRequestID: prompt.checkoutRequestId,
      ResponseCode: '0',
      ResponseDescription: 'Success. Request accepted for processing',
      CustomerMessage: 'Success. Request accepted for processing',
    },
  }
  if (behaviour.push === undefined || behaviour.push === 'accept') {
    // Counted from when the answer is out, so that a callback "after 0 ms" does not overtake it; that is a behaviour of its own.
    reply.raw.once('close', () => { prompts.deliverLater(prompt, behaviour) })
    return await send(reply, accepted)
  }
  prompts.deliverLater(prompt, behaviour)
  switch (behaviour.push) {
    case 'slow':
      await background.wait(behaviour.slowMs ?? SLOW_MS)
      return await send(reply, accepted)
    case 'bad-gateway-after-accepting':
      return await reply.code(502).type('text/html').send('<html><body><h1>502 Bad Gateway</h1></body></html>')
    case 'timeout-after-accepting':
      return reply.hijack()
    case 'reset-after-accepting':
      reply.hijack()
      reply.raw.socket?.resetAndDestroy()
      return reply
    default:
      throw new Error('a refused push is not accepted')
  }
}

function send(reply: FastifyReply, answer: Answer): FastifyReply {
  return reply.code(answer.status).send(answer.body)
}

/** Counts per key, forgetting the oldest key. Gives the count before. */
function createCounter(keysMax: number): (key: string) => number {
  const counts = new Map<string, number>()
  return (key) => {
    const before = counts.get(key) ?? 0
    counts.set(key, before + 1)
    const [oldest] = counts.keys()
    if (counts.size > keysMax && oldest !== undefined) counts.delete(oldest)
    return before
  }
}
