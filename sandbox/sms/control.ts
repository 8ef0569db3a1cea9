/** Holding the strings of the SMS stand-in: from code, and by HTTP under `/_sandbox/`. */
import type { FastifyInstance } from 'fastify'
import { z } from 'zod'
import type { Background } from '../background.ts'
import type { Delivery } from '../delivery.ts'
import type { Scenarios } from '../scenarios.ts'
import { smsBehaviourSchema, type ReportPlan, type SmsBehaviour } from './behaviours.ts'
import type { Message, Messages } from './messages.ts'

export interface SmsControl {
  /** For the next message, to this phone if one is given. Each is used once, in order. */
  next(behaviour: SmsBehaviour & { phone?: string }): void
  setDefault(behaviour: SmsBehaviour): void
  /** Where delivery reports go; without one there are none. The system's address is known only after it listens. */
  setReportUrl(url: string | undefined): void
  /** Copies, oldest first; the oldest are forgotten. */
  messages(): Message[]
  /** The first message that fits, now or later. */
  until(fits: (message: Message) => boolean): Promise<Message>
  /** Sends one delivery report by hand. Thrown: Error if there is no such message or no report address. */
  report(id: string, status: ReportPlan['status'], failureReason?: string): Promise<Delivery>
  idle(): Promise<void>
  reset(): void
}

export interface SmsControlParts {
  scenarios: Scenarios<SmsBehaviour>
  messages: Messages
  background: Background
}

export function createSmsControl({ scenarios, messages, background }: SmsControlParts): SmsControl {
  return {
    next({ phone, ...behaviour }) {
      scenarios.next(behaviour, phone)
    },
    setDefault: (behaviour) => { scenarios.setDefault(behaviour) },
    setReportUrl: (url) => { messages.setReportUrl(url) },
    messages: () => messages.list(),
    until: (fits) => messages.until(fits),
    async report(id, status, failureReason) {
      const delivery = await messages.report(id, { status, ...(failureReason === undefined ? {} : { failureReason }) })
      if (delivery === undefined) throw new Error(`no message ${id}, or no report address`)
      return delivery
    },
    idle: () => background.idle(),
    reset() {
      scenarios.clear()
      messages.clear()
    },
  }
}

const scenarioBody = smsBehaviourSchema.extend({
  phone: z.string().max(20).optional(),
  /** Make it the default instead. */
  always: z.boolean().default(false),
})

export function registerSmsControl(app: FastifyInstance, control: SmsControl): void {
  app.post('/_sandbox/scenarios', async (request, reply) => {
    const parsed = scenarioBody.safeParse(request.body)
    if (!parsed.success) return await reply.code(422).send({ error: z.prettifyError(parsed.error) })
    const { phone, always, ...behaviour } = parsed.data
    if (always) control.setDefault(behaviour)
    else control.next(phone === undefined ? behaviour : { ...behaviour, phone })
    return await reply.code(201).send({ accepted: parsed.data })
  })
  app.delete('/_sandbox/scenarios', async (_request, reply) => {
    control.reset()
    return await reply.code(204).send()
  })
  app.get('/_sandbox/messages', () => ({ data: control.messages() }))
}
