/** Holding the strings of the Daraja stand-in: from code, and by HTTP under `/_sandbox/`. */
import type { FastifyInstance } from 'fastify'
import { z } from 'zod'
import type { Background } from '../background.ts'
import type { Delivery } from '../delivery.ts'
import type { Scenarios } from '../scenarios.ts'
import { behaviourSchema, type Behaviour, type CallbackPlan } from './behaviours.ts'
import { paySchema, type Pay, type Paybill, type PayOutcome } from './paybill.ts'
import type { Prompt, Prompts } from './prompts.ts'
import { returnSchema, type ReturnBehaviour, type ReturnRecord, type Returns } from './returns.ts'
import type { Tokens } from './tokens.ts'

/** What the customer does when a prompt is answered by hand. */
export type AnswerDetails = Pick<CallbackPlan, 'resultDesc' | 'amount' | 'phone' | 'dialect'>

export interface DarajaControl {
  /** For the next push, of this phone if one is given. Each is used once, in order. */
  next(behaviour: Behaviour & { phone?: string }): void
  /** For every push without a scenario or magic phone of its own. */
  setDefault(behaviour: Behaviour): void
  /** Copies, oldest first; the oldest are forgotten. */
  prompts(): Prompt[]
  /** The first prompt that fits, now or later. */
  until(fits: (prompt: Prompt) => boolean): Promise<Prompt>
  /** The customer answers the prompt; resolves when the callback is delivered or given up. Thrown: Error if there is no such prompt. */
  answer(checkoutRequestId: string, resultCode: string | number, details?: AnswerDetails): Promise<Delivery>
  /** A payer uses the paybill by hand. */
  pay(pay?: Pay): Promise<PayOutcome>
  /** Where validations and confirmations go. */
  setC2bUrls(urls: { validationUrl: string; confirmationUrl: string }): void
  /** For the next reversal or payout. Each is used once, in order. */
  nextReturn(behaviour: ReturnBehaviour): void
  returns(): ReturnRecord[]
  /** Ends every access token that is out. */
  expireTokens(): void
  tokensIssued(): number
  /** Resolves when no callback is waiting or under way. */
  idle(): Promise<void>
  /** Forgets prompts, scenarios and the default. Callbacks under way go on. */
  reset(): void
}

export interface ControlParts {
  scenarios: Scenarios<Behaviour>
  prompts: Prompts
  tokens: Tokens
  background: Background
  paybill: Paybill
  returns: Returns
}

export function createControl({ scenarios, prompts, tokens, background, paybill, returns }: ControlParts): DarajaControl {
  return {
    next({ phone, ...behaviour }) {
      scenarios.next(behaviour, phone)
    },
    setDefault: (behaviour) => { scenarios.setDefault(behaviour) },
    prompts: () => prompts.list(),
    until: (fits) => prompts.until(fits),
    async answer(checkoutRequestId, resultCode, details = {}) {
      const delivery = await prompts.answer(checkoutRequestId, { ...details, resultCode })
      if (delivery === undefined) throw new Error(`no prompt ${checkoutRequestId}`)
      return delivery
    },
    pay: (pay = {}) => paybill.pay(pay),
    setC2bUrls: (urls) => { paybill.setUrls(urls) },
    nextReturn: (behaviour) => { returns.next(behaviour) },
    returns: () => returns.list(),
    expireTokens: () => { tokens.expireAll() },
    tokensIssued: () => tokens.issued(),
    idle: () => background.idle(),
    reset() {
      scenarios.clear()
      prompts.clear()
    },
  }
}

const scenarioBody = behaviourSchema.extend({
  phone: z.string().max(20).optional(),
  /** Use it for this many pushes. */
  repeat: z.int().min(1).max(100).default(1),
  /** Make it the default instead. */
  always: z.boolean().default(false),
})
const answerBody = z.strictObject({
  resultCode: z.union([z.string().max(20), z.number()]).default(0),
  amount: z.number().optional(),
  phone: z.string().max(20).optional(),
})

/** The control endpoints; errors are plain JSON, as these are no part of Daraja. */
export function registerControl(app: FastifyInstance, control: DarajaControl): void {
  app.post('/_sandbox/scenarios', async (request, reply) => {
    const parsed = scenarioBody.safeParse(request.body)
    if (!parsed.success) return await reply.code(422).send({ error: z.prettifyError(parsed.error) })
    const { phone, repeat, always, ...behaviour } = parsed.data
    if (always) control.setDefault(behaviour)
    else for (let use = 0; use < repeat; use += 1) control.next(phone === undefined ? behaviour : { ...behaviour, phone })
    return await reply.code(201).send({ accepted: parsed.data })
  })
  app.delete('/_sandbox/scenarios', async (_request, reply) => {
    control.reset()
    return await reply.code(204).send()
  })
  app.get('/_sandbox/prompts', () => ({ data: control.prompts() }))
  app.post<{ Params: { id: string } }>('/_sandbox/prompts/:id/answer', async (request, reply) => {
    const parsed = answerBody.safeParse(request.body ?? {})
    if (!parsed.success) return await reply.code(422).send({ error: z.prettifyError(parsed.error) })
    const { id } = request.params
    if (!control.prompts().some((prompt) => prompt.checkoutRequestId === id)) return await reply.code(404).send({ error: `no prompt ${id}` })
    const { resultCode, ...details } = parsed.data
    return await control.answer(id, resultCode, details)
  })
  app.post('/_sandbox/pay', async (request, reply) => {
    const parsed = paySchema.safeParse(request.body ?? {})
    if (!parsed.success) return await reply.code(422).send({ error: z.prettifyError(parsed.error) })
    return await control.pay(parsed.data)
  })
  app.post('/_sandbox/returns', async (request, reply) => {
    const parsed = returnSchema.safeParse(request.body ?? {})
    if (!parsed.success) return await reply.code(422).send({ error: z.prettifyError(parsed.error) })
    control.nextReturn(parsed.data)
    return await reply.code(204).send()
  })
  app.get('/_sandbox/returns', () => control.returns())
  app.post('/_sandbox/tokens/expire', async (_request, reply) => {
    control.expireTokens()
    return await reply.code(204).send()
  })
}
