/** The prompts on customers' phones: what was asked, what the customer did, what was told to the system. */
import { randomInt } from 'node:crypto'
import type { Background } from '../background.ts'
import { deliver, type Delivery, type DeliveryRules } from '../delivery.ts'
import { createJournal } from '../journal.ts'
import { resultDescOf } from './answers.ts'
import { callbackPlans, type Behaviour, type CallbackPlan, type QueryShape } from './behaviours.ts'
import { callbackBody } from './callback-body.ts'
import { makeReceipt } from './receipt.ts'
import type { Push } from './validate.ts'

export interface Prompt extends Push {
  checkoutRequestId: string
  merchantRequestId: string
  /** RFC 3339 UTC. */
  createdAt: string
  state: 'open' | 'answered'
  /** Once answered. */
  resultCode?: string
  resultDesc?: string
  /** Only if paid. */
  receipt?: string
  /** Of what the customer was charged beyond that. */
  furtherReceipts: string[]
  /** When it was paid; RFC 3339 UTC. The same in each copy of the callback, and in what is pulled. */
  paidAt?: string
  queries: number
  deliveries: (Delivery & { resultCode: string })[]
}

export interface Prompts {
  open(push: Push, behaviour: Behaviour): Prompt
  /** Delivers the callbacks that come before the push is answered. */
  deliverEarly(prompt: Prompt, behaviour: Behaviour): Promise<void>
  /** Starts the clock of the others. */
  deliverLater(prompt: Prompt, behaviour: Behaviour): void
  /** The customer acts, the callback is delivered. Undefined if there is no such prompt. */
  answer(checkoutRequestId: string, plan: CallbackPlan): Promise<Delivery | undefined>
  hasOpenFor(phone: string): boolean
  get(checkoutRequestId: string): Prompt | undefined
  /** What the next query of this prompt shows. */
  nextQueryShape(prompt: Prompt): QueryShape
  list(): Prompt[]
  until(fits: (prompt: Prompt) => boolean): Promise<Prompt>
  clear(): void
}

export interface PromptRules {
  clock: () => number
  callbackAfterMs: number
  /** A prompt that nobody answers stops blocking its phone after this. */
  openMs: number
  promptsMax: number
  delivery: DeliveryRules
}

const NAIROBI_OFFSET_MS = 3 * 60 * 60 * 1000

export function createPrompts(rules: PromptRules, background: Background): Prompts {
  const journal = createJournal<Prompt>(rules.promptsMax)
  /** Forgotten with the prompt itself. */
  const queryShapes = new WeakMap<Prompt, QueryShape[]>()
  const openByPhone = new Map<string, Prompt>()
  let sequence = randomInt(10_000)

  function settle(prompt: Prompt, plan: CallbackPlan): void {
    // A late success after a timeout is the truth; nothing ever undoes a success.
    if (prompt.resultCode === '0') {
      if (plan.again === true) prompt.furtherReceipts.push(makeReceipt())
      return
    }
    if (openByPhone.get(prompt.phone) === prompt) openByPhone.delete(prompt.phone)
    prompt.state = 'answered'
    prompt.resultCode = String(plan.resultCode ?? 0)
    prompt.resultDesc = plan.resultDesc ?? resultDescOf(prompt.resultCode)
    if (prompt.resultCode === '0') {
      prompt.receipt = makeReceipt()
      prompt.paidAt = new Date(rules.clock()).toISOString()
    }
    journal.changed()
  }

  async function tell(prompt: Prompt, plan: CallbackPlan): Promise<Delivery> {
    const resultCode = String(plan.resultCode ?? 0)
    const body = callbackBody({
      merchantRequestId: prompt.merchantRequestId,
      checkoutRequestId: prompt.checkoutRequestId,
      resultCode,
      resultDesc: plan.resultDesc ?? resultDescOf(resultCode),
      amount: plan.amount ?? prompt.amount,
      phone: plan.phone ?? prompt.phone,
      receipt: (plan.again === true ? prompt.furtherReceipts.at(-1) : undefined) ?? prompt.receipt ?? makeReceipt(),
      transactionDate: nairobi(prompt.paidAt === undefined ? rules.clock() : Date.parse(prompt.paidAt)).slice(0, 14),
    }, plan.dialect)
    const post = { url: prompt.callbackUrl, contentType: 'application/json', body: JSON.stringify(body) }
    const delivery = await deliver(post, rules.delivery, background.signal)
    prompt.deliveries.push({ ...delivery, resultCode })
    journal.changed()
    return delivery
  }

  async function play(prompt: Prompt, plan: CallbackPlan): Promise<void> {
    settle(prompt, plan)
    if (plan.never === true) return
    for (let time = 0; time < (plan.times ?? 1); time += 1) await tell(prompt, plan)
  }

  return {
    open(push, behaviour) {
      const digits = nairobi(rules.clock())
      sequence = (sequence + 1) % 10_000
      const prompt: Prompt = {
        ...push,
        // Safaricom's own form: day first, milliseconds, then nine digits of the phone. The last four count instead, so that ids never collide.
        checkoutRequestId: `ws_CO_${dayFirst(digits)}${push.phone.slice(3, 8)}${String(sequence).padStart(4, '0')}`,
        merchantRequestId: `${number(5)}-${number(8)}-1`,
        createdAt: new Date(rules.clock()).toISOString(),
        state: 'open',
        furtherReceipts: [],
        queries: 0,
        deliveries: [],
      }
      queryShapes.set(prompt, [...(behaviour.query ?? [])])
      openByPhone.set(prompt.phone, prompt)
      const [oldest] = openByPhone.keys()
      if (openByPhone.size > rules.promptsMax && oldest !== undefined) openByPhone.delete(oldest)
      journal.add(prompt.checkoutRequestId, prompt)
      return prompt
    },
    async deliverEarly(prompt, behaviour) {
      for (const plan of callbackPlans(behaviour)) if (plan.beforePushAnswer === true) await play(prompt, plan)
    },
    deliverLater(prompt, behaviour) {
      for (const plan of callbackPlans(behaviour)) {
        if (plan.beforePushAnswer === true || plan.manual === true) continue
        background.run(async () => {
          await background.wait(plan.afterMs ?? rules.callbackAfterMs)
          await play(prompt, plan)
        })
      }
    },
    async answer(checkoutRequestId, plan) {
      const prompt = journal.get(checkoutRequestId)
      if (prompt === undefined) return undefined
      settle(prompt, plan)
      return await tell(prompt, plan)
    },
    hasOpenFor(phone) {
      const prompt = openByPhone.get(phone)
      return prompt !== undefined && Date.parse(prompt.createdAt) > rules.clock() - rules.openMs
    },
    get: (id) => journal.get(id),
    nextQueryShape(prompt) {
      prompt.queries += 1
      journal.changed()
      return queryShapes.get(prompt)?.shift() ?? 'truth'
    },
    list: () => journal.list().map((prompt) => ({ ...prompt })),
    until: (fits) => journal.until(fits),
    clear: () => {
      journal.clear()
      openByPhone.clear()
    },
  }
}

/** 17 digits: `YYYYMMDDHHmmssSSS` in Nairobi. */
function nairobi(atMs: number): string {
  return new Date(atMs + NAIROBI_OFFSET_MS).toISOString().replace(/\D/g, '')
}

function dayFirst(digits: string): string {
  return `${digits.slice(6, 8)}${digits.slice(4, 6)}${digits.slice(0, 4)}${digits.slice(8)}`
}

function number(digits: number): string {
  return String(randomInt(10 ** (digits - 1), 10 ** digits))
}
