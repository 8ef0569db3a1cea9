/** The broker seen from outside, as an integration or its operator sees it. */
import { connect, headers, type JetStreamManager, type JsMsg, type Msg, type NatsConnection } from './nats-client.ts'

export interface StoredMessage {
  subject: string
  /** By their names, of several values the first. */
  headers: Record<string, string>
  text: string
  sequence: number
}

export interface BrokerView {
  nc: NatsConnection
  jsm: JetStreamManager
  publish(subject: string, body: string | object, ids?: Record<string, string>): Promise<{ duplicate: boolean; seq: number }>
  request(subject: string, body: string | object, ids?: Record<string, string>): Promise<Msg>
  /** Everything in a stream, in order. */
  stored(stream: string): Promise<StoredMessage[]>
  count(stream: string): Promise<number>
  /** One message of a consumer, taken as any reader could. */
  pull(stream: string, consumer: string): Promise<JsMsg>
  close(): Promise<void>
}

export async function brokerView(servers: string, login: { user?: string; pass?: string } = {}): Promise<BrokerView> {
  const nc = await connect({ servers, ...login, maxReconnectAttempts: -1, reconnectTimeWait: 20 })
  const jsm = await nc.jetstreamManager()
  const js = nc.jetstream()
  const view: BrokerView = {
    nc,
    jsm,
    publish: (subject, body, ids = {}) => js.publish(subject, textOf(body), { headers: headersOf(ids) }),
    request: (subject, body, ids = {}) => nc.request(subject, textOf(body), { headers: headersOf(ids), timeout: 1_000 }),
    async stored(stream) {
      const { state } = await jsm.streams.info(stream)
      const found: StoredMessage[] = []
      for (let seq = state.first_seq; seq <= state.last_seq; seq++) {
        const message = await jsm.streams.getMessage(stream, { seq }).catch(() => undefined)
        if (message === undefined) continue
        found.push({ subject: message.subject, headers: Object.fromEntries([...message.header].map(([name, [value]]) => [name, value ?? ''])), text: message.string(), sequence: seq })
      }
      return found
    },
    count: async (stream) => (await jsm.streams.info(stream)).state.messages,
    async pull(stream, consumer) {
      const reader = await js.consumers.get(stream, consumer)
      const message = await reader.next({ expires: 5_000 })
      if (message === null) throw new Error(`nothing came from ${consumer}`)
      return message
    },
    close: () => nc.close(),
  }
  return view
}

function headersOf(ids: Record<string, string>): ReturnType<typeof headers> {
  const all = headers()
  for (const [name, value] of Object.entries(ids)) all.set(name, value)
  return all
}

function textOf(body: string | object): string {
  return typeof body === 'string' ? body : JSON.stringify(body)
}
