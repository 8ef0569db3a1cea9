/** What a customer does, and what staff see of it, over HTTP; and what stands in the database. */
import { vi } from 'vitest'
import type { ActorView, HistoryEntry } from '../../runtime/index.ts'
import type { Answer, System } from './system.ts'

export interface Started {
  success: true
  payment_id: string
  transaction_id: string | null
  data: { CheckoutRequestID: string | null; payment_id: string }
}

export interface PaymentStatus {
  payment_id: string
  status: string
  amount: number
  currency: string
  receipt?: string
  message: string
  credentials?: { username: string; password: string }
}

export interface ProblemAnswer {
  status: number
  code: string
  type: string
  title: string
  detail: string
  instance: string
  traceId: string
  accepts?: string[]
  refusedBy?: { guard: string; phrase?: string }[]
  errors?: { pointer: string; detail: string; in?: string }[]
}

let phones = 0

/** A number that no other test of this file uses, and that means nothing to the stand-ins. */
export function newPhone(): string {
  phones += 1
  return `2547123${String(phones).padStart(5, '0')}`
}

export function startPayment<Body = Started>(system: System, body: Record<string, unknown>, headers: Record<string, string> = {}): Promise<Answer<Body>> {
  return system.ask<Body>('/api/payments/stk', { body, headers, anonymous: true })
}

export interface Bought {
  id: string
  /** The CheckoutRequestID. */
  checkout: string
  phone: string
}

/** Starts a payment that M-Pesa takes. */
export async function buy(system: System, { phone = newPhone(), package: package_id = 'hour-1' }: { phone?: string; package?: string } = {}): Promise<Bought> {
  const { status, body, text } = await startPayment(system, { phone_number: phone, package_id })
  if (status !== 202 || body.transaction_id === null) throw new Error(`no prompt: ${status} ${text}`)
  return { id: body.payment_id, checkout: body.transaction_id, phone }
}

/** The payment as its payer sees it, when it is decided or the time is over. */
export async function paymentOf(system: System, id: string, wait = '20s'): Promise<PaymentStatus> {
  return (await system.ask<PaymentStatus>(`/api/payments/${id}?wait=${wait}`, { anonymous: true })).body
}

export async function actorOf(system: System, type: string, id: string): Promise<ActorView> {
  const answer = await system.ask<ActorView>(`/api/v1/actors/${type}/${encodeURIComponent(id)}`)
  if (answer.status !== 200) throw new Error(`${type}/${id}: ${answer.text}`)
  return answer.body
}

export interface PaymentRecord {
  checkoutRequestId: string | null
  confirmedBy: string | null
  receipt: string | null
  callbacks: number
  queries: number
  attempts: number
  lateByMs: number | null
  completedAt: number | null
  failure: { reason: string; code: string | null; needsStaff: boolean } | null
  review: { reason: string; expected: unknown; received: unknown } | null
  lastResult: { source: string; code: string; description: string } | null
}

export async function recordOf(system: System, id: string): Promise<PaymentRecord> {
  return (await actorOf(system, 'payment', id)).context as PaymentRecord
}

/** The actor when it is in that state. */
export function untilState(system: System, type: string, id: string, state: string, timeout = 20_000): Promise<ActorView> {
  return vi.waitFor(async () => {
    const view = await actorOf(system, type, id)
    if (!view.states.includes(state)) throw new Error(`${type}/${id} is ${view.states.join(', ')}, not ${state}: ${JSON.stringify(view.context)}`)
    return view
  }, { timeout, interval: 50 })
}

/** The notification that tells the credentials of a payment's session. */
export function smsOf(paymentId: string): string {
  return `${paymentId}-credentials`
}

export async function historyOf(system: System, type: string, id: string): Promise<HistoryEntry[]> {
  const answer = await system.ask<{ data: HistoryEntry[] }>(`/api/v1/actors/${type}/${encodeURIComponent(id)}/history?limit=200`)
  if (answer.status !== 200) throw new Error(`${type}/${id}: ${answer.text}`)
  return answer.body.data
}

/** Moves the sandbox's clock on; resolves when all is quiet. */
export async function advance(system: System, duration: string): Promise<void> {
  const { status, text } = await system.ask('/api/v1/sandbox/clock', { body: { advance: duration } })
  if (status !== 200) throw new Error(`the clock does not move: ${text}`)
}

export function send<Body = ProblemAnswer>(system: System, type: string, id: string, event: Record<string, unknown>, headers: Record<string, string> = {}): Promise<Answer<Body>> {
  return system.ask<Body>(`/api/v1/actors/${type}/${encodeURIComponent(id)}/events`, { body: event, headers })
}

export interface RadiusRow {
  username: string
  attribute: string
  op: string
  value: string
}

/** What FreeRADIUS reads to let the buyer of this payment in. */
export async function accessOf(system: System, paymentId: string): Promise<{ check: RadiusRow[]; reply: RadiusRow[] }> {
  const ofSession = `username in (select value from standing.identifiers where kind = 'username' and type = 'hotspot-session' and id = $1)`
  return {
    check: await system.rows<RadiusRow>(`select username, attribute, op, value from radius.radcheck where ${ofSession} order by attribute`, [paymentId]),
    reply: await system.rows<RadiusRow>(`select username, attribute, op, value from radius.radreply where ${ofSession} order by attribute`, [paymentId]),
  }
}

export interface Counts {
  sessions: number
  notifications: number
  users: number
}

/** What was granted, to anybody. */
export async function granted(system: System): Promise<Counts> {
  const [counts] = await system.rows<Counts & Record<string, unknown>>(`
    select (select count(*)::int from standing.actors where type = 'hotspot-session') as sessions,
           (select count(*)::int from standing.actors where type = 'notification') as notifications,
           (select count(distinct username)::int from radius.radcheck) as users`)
  return counts ?? { sessions: -1, notifications: -1, users: -1 }
}

/** What is still to be done, or was set aside. All of it is nothing when the system has come to rest. */
export async function leftover(system: System): Promise<Record<string, unknown>> {
  const [counts] = await system.rows(`
    select (select count(*)::int from standing.outbox) as outbox,
           (select count(*)::int from standing.effects) as effects,
           (select count(*)::int from standing.parked) as parked,
           (select count(*)::int from business.hook_inbox where processed_at is null) as hooks,
           (select count(*)::int from radius.accounting_changes where version > told) as accounting,
           (select count(*)::int from standing.actors where hold is not null) as held`)
  return counts ?? {}
}

export const NOTHING_LEFT = { outbox: 0, effects: 0, parked: 0, hooks: 0, accounting: 0, held: 0 }

/** Resolves when nothing is left to be done. */
export async function atRest(system: System, timeout = 30_000): Promise<void> {
  await vi.waitFor(async () => {
    const left = await leftover(system)
    if (JSON.stringify(left) !== JSON.stringify(NOTHING_LEFT)) throw new Error(`left over: ${JSON.stringify(left)}`)
  }, { timeout, interval: 100 })
}
