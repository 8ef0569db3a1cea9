/** The system as whoever uses it from outside: over HTTP, with a key. */
import { setTimeout as delay } from 'node:timers/promises'

export interface Answer<Body> {
  status: number
  body: Body
  headers: Headers
}

export interface Asking {
  body?: unknown
  /** The same key is the same call, however often it is made. */
  key?: string
  headers?: Record<string, string>
}

export interface ActorSeen {
  id: string
  seq: number
  states: string[]
  context: Record<string, unknown>
  createdAt: string
}

export interface SystemClient {
  /** Never throws for an answer of whatever status. */
  ask<Body>(path: string, asking?: Asking): Promise<Answer<Body>>
  /** @throws Error when the answer is none of these statuses */
  must<Body>(path: string, asking?: Asking, statuses?: readonly number[]): Promise<Body>
  actor(type: string, id: string): Promise<ActorSeen | undefined>
  send(type: string, id: string, event: { type: string; [field: string]: unknown }, key?: string): Promise<void>
  /** Looks again until it is so. @throws Error after `limitMs` */
  until(type: string, id: string, isSo: (actor: ActorSeen) => boolean, limitMs?: number): Promise<ActorSeen>
}

const LOOK_GAP_MS = 50
const UNTIL_LIMIT_MS = 20_000

export function systemClient(url: string, apiKey: string, signal?: AbortSignal): SystemClient {
  const client: SystemClient = {
    async ask<Body>(path: string, { body, key, headers = {} }: Asking = {}) {
      const response = await fetch(`${url}${path}`, {
        method: body === undefined ? 'GET' : 'POST',
        headers: {
          authorization: `Bearer ${apiKey}`,
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
          ...(key === undefined ? {} : { 'idempotency-key': key }),
          ...headers,
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        ...(signal === undefined ? {} : { signal }),
      })
      const text = await response.text()
      return { status: response.status, headers: response.headers, body: (text === '' ? undefined : JSON.parse(text)) as Body }
    },
    async must<Body>(path: string, asking: Asking = {}, statuses: readonly number[] = [200, 201, 202]) {
      const { status, body } = await client.ask<Body>(path, asking)
      if (!statuses.includes(status)) throw new Error(`${path} answered ${status}: ${JSON.stringify(body)}`)
      return body
    },
    async actor(type, id) {
      const { status, body } = await client.ask<ActorSeen>(`/api/v1/actors/${type}/${id}`)
      return status === 200 ? body : undefined
    },
    async send(type, id, event, key) {
      await client.must(`/api/v1/actors/${type}/${id}/events`, { body: event, ...(key === undefined ? {} : { key }) })
    },
    async until(type, id, isSo, limitMs = UNTIL_LIMIT_MS) {
      const end = Date.now() + limitMs
      for (;;) {
        const actor = await client.actor(type, id)
        if (actor !== undefined && isSo(actor)) return actor
        if (Date.now() > end) throw new Error(`${type} ${id} is ${actor?.states.join(', ') ?? 'not there'}`)
        await delay(LOOK_GAP_MS, undefined, signal === undefined ? {} : { signal })
      }
    },
  }
  return client
}
