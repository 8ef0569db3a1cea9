/** What can be set on the bus over JetStream, and what holds when it is not. */
import type { Log } from '../../ports/log.ts'
import { silentLog } from '../../ports/log.ts'

export interface JetStreamBusOptions {
  /** Addresses, comma-separated as in `NATS_URL` or as a list: `nats://host:4222`, `tls://host`. Credentials in them are used, and never logged. */
  servers: string | readonly string[]
  user?: string | undefined
  password?: string | undefined
  token?: string | undefined
  /** File with a user's JWT and seed, as `nsc` makes it. Read at each connection, so that it can be renewed. */
  credsFile?: string | undefined
  /** Seed of an nkey user (`SU...`). */
  nkeySeed?: string | undefined
  /** Files in PEM. Given (may be empty), only an encrypted connection is made. */
  tls?: { caFile?: string; certFile?: string; keyFile?: string } | undefined
  /** Begins every subject, and in capitals every stream name, so that several systems can share a broker. */
  prefix?: string | undefined
  /** How this client is called in the broker's own tools. */
  clientName?: string | undefined
  log?: Log | undefined
  metrics?: Partial<BusMetrics> | undefined
  /** Copies of each stream, for a cluster of brokers. */
  replicas?: number | undefined
  limits?: Partial<BusLimits> | undefined
  timing?: Partial<BusTiming> | undefined
}

/** What the bus counts; the edge turns it into Prometheus series. Gauges come by `Bus.status()`. */
export interface BusMetrics {
  /** Mail or facts that the broker has acknowledged. */
  published(kind: 'mail' | 'fact', count: number): void
  /** A message came again: its acknowledgement was lost, late or never given. */
  redelivered(stream: string): void
  /** Put into the stream of dead letters; `stream` is where it came from. */
  deadLettered(stream: string): void
}

/** R9: bounds. Counts, not bytes: a broker reserves bytes, and refuses a stream that might not fit its disk. */
export interface BusLimits {
  /** Messages of mail at the broker; more are refused (and wait in the outbox). */
  mailMessages: number
  commandMessages: number
  /** Facts kept; the oldest go. */
  factMessages: number
  factAgeMs: number
  /** Dead letters kept; more are refused, and what should go there waits where it is. */
  deadMessages: number
  /** Mails, and bytes of JSON, in one message. */
  batchMails: number
  batchBytes: number
  /** Messages of mail on their way to the broker at once, however far away it is. */
  unansweredMail: number
  /** Messages of one slice that are with us and not acknowledged. */
  unackedMail: number
  unackedCommands: number
  /** Mails of one slice, or commands, in the hands of the receiver at once. */
  atOnce: number
  /** Deliveries of a message that nobody answers, neither taken nor "still working", before it becomes a dead letter. */
  deliveries: number
  /** Published messages whose acknowledgement is awaited at once. */
  unackedPublishes: number
}

export interface BusTiming {
  /** One attempt to connect. */
  connectMs: number
  /** Pause between attempts; grows to eight times this. */
  reconnectMs: number
  /** A broker that is silent for twice this is given up. */
  pingMs: number
  /** A publish or a call of the broker's API that is not answered by then has failed. */
  answerMs: number
  /** A broker that answers within this gets one message of mail at a time, and so fuller ones; one that takes n times as long gets n. */
  mailPaceMs: number
  /** The broker delivers again what is neither acknowledged nor reported as being worked on by then. */
  ackWaitMs: number
  /** How often the broker shows that a consumer lives. One that fell silent twice is looked for, and made anew. */
  heartbeatMs: number
  /** How often a message that takes long is reported as being worked on. */
  workingMs: number
  /** First pause before a mail that was not taken is tried again; grows to `retryMaxMs`. */
  retryMs: number
  retryMaxMs: number
  /** How often the waiting mail is counted. */
  countMs: number
  /** How long a stop waits for what is under way; a receiver that hangs must not keep the process alive. */
  stopMs: number
}

export interface Settings {
  log: Log
  metrics: BusMetrics
  prefix: string
  replicas: number
  limits: BusLimits
  timing: BusTiming
}

const LIMITS: BusLimits = {
  mailMessages: 1_000_000,
  commandMessages: 1_000_000,
  factMessages: 10_000_000,
  factAgeMs: 30 * 86_400_000,
  deadMessages: 1_000_000,
  batchMails: 64,
  batchBytes: 256 * 1024,
  unansweredMail: 32,
  unackedMail: 16,
  unackedCommands: 256,
  atOnce: 64,
  deliveries: 1_000,
  unackedPublishes: 2_000,
}

const TIMING: BusTiming = {
  connectMs: 5_000,
  reconnectMs: 250,
  pingMs: 5_000,
  answerMs: 5_000,
  mailPaceMs: 1,
  ackWaitMs: 30_000,
  heartbeatMs: 5_000,
  workingMs: 10_000,
  retryMs: 100,
  retryMaxMs: 5_000,
  countMs: 2_000,
  stopMs: 2_000,
}

const PREFIX = /^[A-Za-z0-9_-]+$/

export function resolveOptions(options: JetStreamBusOptions): Settings {
  const prefix = options.prefix ?? 'standing'
  if (!PREFIX.test(prefix)) throw new Error(`the prefix of the bus must match ${PREFIX.source}`)
  return {
    log: options.log ?? silentLog,
    metrics: { published: () => {}, redelivered: () => {}, deadLettered: () => {}, ...options.metrics },
    prefix,
    replicas: options.replicas ?? 1,
    limits: { ...LIMITS, ...options.limits },
    timing: { ...TIMING, ...options.timing },
  }
}
