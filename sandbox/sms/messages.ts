/** The messages that were taken, and the delivery reports that followed. */
import { randomBytes } from 'node:crypto'
import type { Background } from '../background.ts'
import { deliver, type Delivery, type DeliveryRules } from '../delivery.ts'
import { createJournal } from '../journal.ts'
import type { ReportPlan, SmsBehaviour } from './behaviours.ts'

export interface Message {
  /** `ATPid_…`, as in delivery reports. */
  id: string
  /** Digits with country code, without plus. */
  to: string
  from?: string
  text: string
  /** RFC 3339 UTC. */
  at: string
  /** The recipient's status code that was or would have been answered. */
  statusCode: number
  reports: (Delivery & { status: string })[]
}

export interface Messages {
  add(message: Pick<Message, 'to' | 'text' | 'statusCode'> & { from?: string }): Message
  reportEarly(message: Message, behaviour: SmsBehaviour): Promise<void>
  reportLater(message: Message, behaviour: SmsBehaviour): void
  /** Undefined if there is no such message or nowhere to report to. */
  report(id: string, plan: ReportPlan): Promise<Delivery | undefined>
  setReportUrl(url: string | undefined): void
  list(): Message[]
  until(fits: (message: Message) => boolean): Promise<Message>
  clear(): void
}

export interface MessageRules {
  clock: () => number
  reportUrl: string | undefined
  reportAfterMs: number
  messagesMax: number
  delivery: DeliveryRules
}

const DEFAULT_REPORTS: readonly ReportPlan[] = [{ status: 'Success' }]
/** Safaricom. */
const NETWORK_CODE = '63902'

export function createMessages(rules: MessageRules, background: Background): Messages {
  const journal = createJournal<Message>(rules.messagesMax)
  let reportUrl = rules.reportUrl

  /** A message that was refused gets no reports. */
  const plansOf = (message: Message, behaviour: SmsBehaviour): readonly ReportPlan[] =>
    (message.statusCode < 400 ? (behaviour.reports ?? DEFAULT_REPORTS) : [])

  async function tell(message: Message, plan: ReportPlan): Promise<Delivery | undefined> {
    if (reportUrl === undefined) return undefined
    const form = new URLSearchParams({
      id: message.id,
      status: plan.status,
      phoneNumber: `+${message.to}`,
      networkCode: NETWORK_CODE,
      retryCount: '0',
    })
    if (plan.failureReason !== undefined) form.set('failureReason', plan.failureReason)
    const post = { url: reportUrl, contentType: 'application/x-www-form-urlencoded', body: form.toString() }
    const delivery = await deliver(post, rules.delivery, background.signal)
    message.reports.push({ ...delivery, status: plan.status })
    journal.changed()
    return delivery
  }

  async function play(message: Message, plan: ReportPlan): Promise<void> {
    for (let time = 0; time < (plan.times ?? 1); time += 1) await tell(message, plan)
  }

  return {
    add({ to, text, statusCode, from }) {
      const message: Message = {
        id: `ATPid_${randomBytes(16).toString('hex')}`,
        to, text, statusCode,
        ...(from === undefined ? {} : { from }),
        at: new Date(rules.clock()).toISOString(),
        reports: [],
      }
      journal.add(message.id, message)
      return message
    },
    async reportEarly(message, behaviour) {
      for (const plan of plansOf(message, behaviour)) if (plan.beforeAnswer === true) await play(message, plan)
    },
    reportLater(message, behaviour) {
      for (const plan of plansOf(message, behaviour)) {
        if (plan.beforeAnswer === true) continue
        background.run(async () => {
          await background.wait(plan.afterMs ?? rules.reportAfterMs)
          await play(message, plan)
        })
      }
    },
    async report(id, plan) {
      const message = journal.get(id)
      return message === undefined ? undefined : await tell(message, plan)
    },
    setReportUrl: (url) => { reportUrl = url },
    list: () => journal.list().map((message) => ({ ...message })),
    until: (fits) => journal.until(fits),
    clear: () => { journal.clear() },
  }
}
