/**
 * Payments of the real system, from the callback of M-Pesa to the access it buys: a thousand callbacks at
 * once, then a steady stream whose arrivals wait for nobody (an open loop: what is late counts as late).
 */
import { Agent } from 'node:http'
import pg from 'pg'
import { callbackBody } from '../../sandbox/daraja/callback-body.ts'
import { watchAccess } from '../access.ts'
import type { AccessWatch } from '../access.ts'
import type { Lab } from '../lab.ts'
import { summarise } from '../load.ts'
import { inParallel, post } from '../post.ts'
import type { Report } from '../report.ts'
import type { OpenPrompt } from '../servers/outside.ts'
import { startSystem } from '../system.ts'
import type { System } from '../system.ts'

const BURST = 1_000
const STEADY_PER_SECOND = 200
/** Until then the compiler works on one of the two cores. */
const WARM_UP_MS = 5_000
const ACCESS_PER_SECOND = 100
const ACCESS_SECONDS = 15
/** Where only what follows is measured. */
const STARTED_AT_ONCE = 64
const FIRST_PHONE = 254_711_000_000
/** Queries begin 45 s after the prompt; what is done by then has not needed them. */
const COMPLETE_LIMIT_MS = 60_000

interface Sent {
  paymentId: string
  status: number
  /** Due to be sent, and answered; `performance.now()`. */
  dueAt: number
  answeredAt: number
}

export async function hooksSuite(lab: Lab, report: Report, durationMs: number): Promise<void> {
  const url = await lab.database('bench_hooks')
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  const system = await startSystem(url, lab.dir)
  try {
    const payers = new Payers(system)
    await burst(url, client, system, payers, report)
    await steady(url, client, system, payers, report, Math.max(10_000, durationMs * 2))
    await access(url, payers, report)
  } finally {
    await system.stop()
    await client.end()
  }
}

async function burst(url: string, client: pg.Client, system: System, payers: Payers, report: Report): Promise<void> {
  const cpuBefore = await system.cpuMs()
  // All at once, as their customers are.
  const { prompts, perSecond } = await payers.start(BURST, BURST)
  report.add('payments.start', perSecond, 'payments/s')
  report.add('payments.start.cpu', ((await system.cpuMs()) - cpuBefore) / BURST, 'ms/payment')
  const watch = await watchAccess(url)
  // A connection each, as from a thousand callers.
  const agent = new Agent({ keepAlive: false })
  const dueAt = performance.now()
  const sent = await Promise.all(prompts.map((prompt) => callBack(prompt, agent, dueAt)))
  const answers = summarise(sent.map((one) => one.answeredAt - one.dueAt), 1_000)
  const isAccepted = sent.every(({ status }) => status === 200)
  report.add('hooks.burst.answered', sent.filter(({ status }) => status === 200).length, 'of 1,000', { text: 'all 200', reached: isAccepted })
  report.add('hooks.burst.p50', answers.p50Ms, 'ms')
  report.add('hooks.burst.p99', answers.p99Ms, 'ms')
  const access = await accessTimes(watch, sent)
  report.add('hooks.burst.access.p99', access.p99Ms, 'ms')
  const lost = await missing(client, BURST)
  report.add('hooks.burst.lost', lost, 'of 1,000', { text: '0: payment completed, session made, login there', reached: lost === 0 })
}

async function steady(url: string, client: pg.Client, system: System, payers: Payers, report: Report, durationMs: number): Promise<void> {
  const { prompts } = await payers.start(Math.round(((WARM_UP_MS + durationMs) / 1_000) * STEADY_PER_SECOND))
  const count = prompts.length
  const watch = await watchAccess(url)
  const agent = new Agent({ keepAlive: true })
  const cpuBefore = await system.cpuMs()
  const sent = await atRate(prompts, STEADY_PER_SECOND, agent)
  const measured = sent.slice((WARM_UP_MS / 1_000) * STEADY_PER_SECOND)
  const answers = summarise(measured.map((one) => one.answeredAt - one.dueAt), durationMs)
  const isAccepted = sent.every(({ status }) => status === 200)
  report.add('hooks.daraja', answers.perSecond, 'hooks/s', { text: `all ${count} answered 200`, reached: isAccepted })
  report.add('hooks.daraja.p50', answers.p50Ms, 'ms')
  report.add('hooks.daraja.p99', answers.p99Ms, 'ms', { text: '< 50 ms at 200/s', reached: answers.p99Ms < 50 })
  const times = await accessTimes(watch, sent, measured)
  agent.destroy()
  // With all that follows: access, SMS, delivery report.
  report.add('hooks.daraja.cpu', ((await system.cpuMs()) - cpuBefore) / count, 'ms/payment')
  report.add('hooks.daraja.access.p50', times.p50Ms, 'ms')
  report.add('hooks.daraja.access.p99', times.p99Ms, 'ms')
  const lost = await missing(client, BURST + count)
  report.add('hooks.daraja.lost', lost, 'payments', { text: '0', reached: lost === 0 })
}

/** From the callback to access that RADIUS lets in, at a rate that leaves room. */
async function access(url: string, payers: Payers, report: Report): Promise<void> {
  const { prompts } = await payers.start(ACCESS_PER_SECOND * ACCESS_SECONDS)
  const watch = await watchAccess(url)
  const agent = new Agent({ keepAlive: true })
  const times = await accessTimes(watch, await atRate(prompts, ACCESS_PER_SECOND, agent))
  agent.destroy()
  report.add('hooks.access.p50', times.p50Ms, 'ms')
  report.add('hooks.access.p99', times.p99Ms, 'ms', { text: '< 250 ms at 100/s', reached: times.p99Ms < 250 })
}

/** An open loop: each is sent when it is due, whatever has become of those before. */
async function atRate(prompts: readonly Paying[], perSecond: number, agent: Agent): Promise<Sent[]> {
  const firstAt = performance.now() + 500
  const underWay: Promise<Sent>[] = []
  for (const [n, prompt] of prompts.entries()) {
    const dueAt = firstAt + (n * 1_000) / perSecond
    const wait = dueAt - performance.now()
    if (wait > 0) await new Promise((resolve) => setTimeout(resolve, wait))
    underWay.push(callBack(prompt, agent, dueAt))
  }
  return Promise.all(underWay)
}

/** From the callback to the login, once all are there; of those that are measured. */
async function accessTimes(watch: AccessWatch, sent: readonly Sent[], measured = sent): Promise<ReturnType<typeof summarise>> {
  const deadline = performance.now() + COMPLETE_LIMIT_MS
  while (watch.seen() < sent.length && performance.now() < deadline) await new Promise((resolve) => setTimeout(resolve, 20))
  const seenAt = await watch.stop()
  const times = measured.flatMap(({ paymentId, dueAt }) => {
    const at = seenAt.get(paymentId)
    return at === undefined ? [] : [at - dueAt]
  })
  return summarise(times, 1_000)
}

/** How many of the payments are not completed exactly once with all that belongs to it. */
async function missing(client: pg.Client, expected: number): Promise<number> {
  const { rows } = await client.query<{ complete: string }>(`
    select count(*) as complete from standing.actors p
    join standing.actors s on s.tenant = p.tenant and s.type = 'hotspot-session' and s.id = p.id
    where p.type = 'payment' and p.states = '{completed}'
      and 1 = (select count(*) from business.payment_receipts r where r.payment_id = p.id)
      and 1 = (select count(*) from standing.journal j where j.tenant = p.tenant and j.type = p.type and j.id = p.id and j.facts like '%"payment.completed"%')
      and 1 = (select count(*) from standing.identifiers i join radius.radcheck c on c.username = i.value and c.attribute = 'Cleartext-Password'
               where i.tenant = s.tenant and i.type = s.type and i.id = s.id and i.kind = 'username')`)
  return expected - Number(rows[0]?.complete)
}

async function callBack(prompt: Paying, agent: Agent, dueAt: number): Promise<Sent> {
  const { status } = await post(prompt.callbackUrl, prompt.body, agent)
  return { paymentId: prompt.paymentId, status, dueAt, answeredAt: performance.now() }
}

/** A payment whose customer has entered the PIN, and what M-Pesa is going to say about it. */
interface Paying {
  paymentId: string
  callbackUrl: string
  body: string
}

class Payers {
  readonly #system: System
  #count = 0

  constructor(system: System) {
    this.#system = system
  }

  /** So many payments of as many phones, each with an open prompt. */
  async start(count: number, atOnce = STARTED_AT_ONCE): Promise<{ prompts: Paying[]; perSecond: number }> {
    const agent = new Agent({ keepAlive: true })
    const phones = Array.from({ length: count }, () => FIRST_PHONE + this.#count++)
    const paymentIds = new Map<string, string>()
    const began = performance.now()
    await inParallel(phones, atOnce, async (phone) => {
      const { status, text } = await post(`${this.#system.url}/api/payments/stk`, JSON.stringify({ phone_number: String(phone), package_id: 'hour-1' }), agent)
      if (status !== 202) throw new Error(`a payment was not started: ${status} ${text}`)
      paymentIds.set(String(phone), (JSON.parse(text) as { payment_id: string }).payment_id)
    })
    const seconds = (performance.now() - began) / 1_000
    agent.destroy()
    const prompts = await this.#prompted(paymentIds)
    return { prompts, perSecond: count / seconds }
  }

  /** M-Pesa may take a little longer than the answer to the customer waits. */
  async #prompted(paymentIds: ReadonlyMap<string, string>): Promise<Paying[]> {
    const deadline = performance.now() + COMPLETE_LIMIT_MS
    for (;;) {
      const open = await this.#system.outside.ask<OpenPrompt[]>('openPrompts')
      const ours = open.flatMap((prompt) => {
        const paymentId = paymentIds.get(prompt.phone)
        return paymentId === undefined ? [] : [paying(paymentId, prompt)]
      })
      if (ours.length === paymentIds.size) return ours
      if (performance.now() > deadline) throw new Error(`${ours.length} of ${paymentIds.size} payments were prompted`)
      await new Promise((resolve) => setTimeout(resolve, 200))
    }
  }
}

function paying(paymentId: string, { checkoutRequestId, merchantRequestId, callbackUrl, amount, phone }: OpenPrompt): Paying {
  const facts = { checkoutRequestId, merchantRequestId, amount, phone, resultCode: '0', resultDesc: 'The service request is processed successfully.', receipt: receiptOf(phone), transactionDate: nairobiTime() }
  return { paymentId, callbackUrl, body: JSON.stringify(callbackBody(facts)) }
}

/** `YYYYMMDDHHmmss`, three hours ahead of UTC. */
function nairobiTime(): string {
  return new Date(Date.now() + 3 * 3_600_000).toISOString().replace(/\D/g, '').slice(0, 14)
}

/** Ten letters and digits, another for each phone. */
function receiptOf(phone: string): string {
  return `SB${Number(phone).toString(36).toUpperCase().padStart(8, '0').slice(-8)}`
}
