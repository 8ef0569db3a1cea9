/** What every chapter acts with: the house, the teller, and the few things that customers and time do. */
import { setTimeout as delay } from 'node:timers/promises'
import type { ActorSeen } from '../system-client.ts'
import type { House } from './house.ts'
import type { Teller } from './teller.ts'

export interface Credentials {
  username: string
  password: string
}

export interface Login {
  session: string
  attributes: Record<string, unknown>
}

export interface Stage extends House {
  tell: Teller
  /** Moves the clock on to nine in the morning. */
  morning: () => Promise<void>
  /** Moves the clock on; what falls due meanwhile happens at its own time. */
  pass: (duration: string) => Promise<void>
  /** Waits for messages to this phone that were not told yet, and tells them. */
  read: (phone: string, count: number) => Promise<string[]>
  /** The customer pays a prompt for a package; the id of the payment and the login. */
  buy: (phone: string, packageId: string) => Promise<{ id: string; credentials: Credentials }>
  /** @returns undefined when the router says no */
  logIn: (credentials: Credentials, device: string) => Promise<Login | undefined>
  online: () => Promise<string[]>
  until: (type: string, id: string, ...states: string[]) => Promise<ActorSeen>
}

const DAY_MS = 86_400_000
/** After midnight UTC. */
const NINE_IN_NAIROBI_MS = 6 * 3_600_000
const LIMIT_MS = 20_000
const LOOK_GAP_MS = 40

export function setStage(house: House, tell: Teller): Stage {
  const { system, sms } = house
  const read = new Map<string, number>()
  const atRouter = async <Body>(body?: object): Promise<{ status: number; body: Body }> => {
    const response = await fetch(house.loginsUrl, body === undefined ? {} : { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) })
    return { status: response.status, body: (await response.json()) as Body }
  }
  const pass = async (duration: string): Promise<number> => {
    const { now } = await system.must<{ now: string }>('/api/v1/sandbox/clock', { body: { advance: duration } })
    tell.moment(now)
    return Date.parse(now)
  }
  return {
    ...house,
    tell,
    async morning() {
      const now = await pass('PT1S')
      await pass(`PT${Math.ceil((DAY_MS - ((now - NINE_IN_NAIROBI_MS) % DAY_MS)) / 1_000)}S`)
    },
    pass: async (duration) => void (await pass(duration)),
    async read(phone, count) {
      const before = read.get(phone) ?? 0
      const texts = () => sms.control.messages().filter(({ to }) => to.replace(/\D/g, '') === phone).map(({ text }) => text)
      for (let waited = 0; texts().length < before + count; waited += LOOK_GAP_MS) {
        if (waited > LIMIT_MS) throw new Error(`not as told: ${count} messages to ${phone}; found ${JSON.stringify(texts().slice(before))}`)
        await delay(LOOK_GAP_MS)
      }
      const news = texts().slice(before)
      read.set(phone, before + news.length)
      for (const text of news) tell.phone(text)
      return news
    },
    async buy(phone, packageId) {
      const started = await system.ask<{ payment_id: string }>('/api/payments/stk', { body: { phone_number: phone, package_id: packageId } })
      if (started.status !== 202) throw new Error(`not as told: a payment is started; found ${JSON.stringify(started.body)}`)
      const id = started.body.payment_id
      const cookie = started.headers.getSetCookie().map((text) => text.split(';', 1)[0]).join('; ')
      const { status, amount, receipt, credentials } = await system.must<{ status: string; amount: number; receipt?: string; credentials?: Credentials }>(`/api/payments/${id}?wait=20s`, { headers: { cookie } })
      if (status !== 'completed' || credentials === undefined) throw new Error(`not as told: the prompt is paid; found ${status}`)
      tell.phone(`M-PESA: pay KES ${amount} to Standing? PIN: ****   ${receipt ?? ''} Confirmed.`)
      return { id, credentials }
    },
    async logIn(credentials, device) {
      const { status, body } = await atRouter<{ login: { session: string }; attributes: Record<string, unknown> }>({ ...credentials, device })
      return status === 201 ? { session: body.login.session, attributes: body.attributes } : undefined
    },
    online: async () => (await atRouter<{ data: { username: string }[] }>()).body.data.map(({ username }) => username),
    until: (type, id, ...states) => system.until(type, id, (actor) => states.every((state) => actor.states.includes(state)), LIMIT_MS),
  }
}
