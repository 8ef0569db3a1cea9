/** The engine's counters and the edge's own, as Prometheus series. */
import { Counter, Gauge, Histogram, Registry, collectDefaultMetrics } from 'prom-client'
import type { BusStatus, Metrics, RuntimeStats } from '../runtime/index.ts'

const SHORT_SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30]
const LATENESS_SECONDS = [0.01, 0.05, 0.1, 0.25, 0.5, 1, 5, 15, 60, 300, 3_600, 86_400]
const BATCH_ROWS = [1, 2, 5, 10, 25, 50, 100, 250, 500, 1_000]

export interface EdgeMetrics {
  /** What the engine reports to. */
  engine: Metrics
  http(method: string, route: string, status: number, durationMs: number): void
  /** What the bus reports to. */
  bus: { published(kind: string, count: number): void; redelivered(stream: string): void; deadLettered(stream: string): void }
  hookReceived(provider: string, outcome: 'fresh' | 'repeated' | 'forged'): void
  hookProcessed(provider: string, outcome: string): void
  rateLimited(policy: string): void
  /** As this node published it. */
  fact(type: string): void
  /** Gauges that are read when Prometheus asks. */
  watch(sources: Watched): void
  /** The exposition text and its content type. */
  render(): Promise<{ text: string; contentType: string }>
}

export interface Watched {
  stats: () => RuntimeStats
  outboxAgeMs?: () => Promise<number>
  /** What waits for people, in the whole database; by what it is. */
  setAside?: () => Promise<object>
  /** With a broker: whether it is in reach, and what waits there for us. */
  busStatus?: () => BusStatus
}

export function createMetrics(options: { processMetrics?: boolean } = {}): EdgeMetrics {
  const registry = new Registry()
  if (options.processMetrics ?? true) collectDefaultMetrics({ register: registry })
  const registers = [registry]

  const commit = new Histogram({ name: 'standing_commit_duration_seconds', help: 'Duration of one group commit', buckets: SHORT_SECONDS, registers })
  const rows = new Histogram({ name: 'standing_commit_rows', help: 'Journal rows of one group commit', buckets: BATCH_ROWS, registers })
  const lateness = new Histogram({ name: 'standing_timer_lateness_seconds', help: 'How late timers fire against their due time', buckets: LATENESS_SECONDS, registers })
  const effects = new Histogram({ name: 'standing_effect_duration_seconds', help: 'Attempts of outside calls', labelNames: ['lane', 'name', 'outcome'], buckets: SHORT_SECONDS, registers })
  const parked = new Counter({ name: 'standing_parked_total', help: 'Events set aside', labelNames: ['kind'], registers })
  const conflicts = new Counter({ name: 'standing_conflicts_total', help: 'Commits refused because the actor had moved on (R2)', registers })
  const duplicates = new Counter({ name: 'standing_duplicates_total', help: 'Events that had been applied already (R3)', registers })
  const moves = new Counter({ name: 'standing_slice_moves_total', help: 'Slices that became this node\'s or went to another', labelNames: ['direction'], registers })
  const forwards = new Counter({ name: 'standing_forwarded_commands_total', help: 'Commands for slices of other nodes', labelNames: ['outcome'], registers })
  const requests = new Histogram({ name: 'standing_http_request_duration_seconds', help: 'Answered requests', labelNames: ['method', 'route', 'status'], buckets: SHORT_SECONDS, registers })
  const received = new Counter({ name: 'standing_hooks_received_total', help: 'Web hooks stored', labelNames: ['provider', 'outcome'], registers })
  const processed = new Counter({ name: 'standing_hooks_processed_total', help: 'Stored web hooks brought to an end', labelNames: ['provider', 'outcome'], registers })
  const limited = new Counter({ name: 'standing_rate_limited_total', help: 'Requests refused by a rate limit', labelNames: ['policy'], registers })

  const published = new Counter({ name: 'standing_bus_published_total', help: 'Mail and facts that the broker has acknowledged', labelNames: ['kind'], registers })
  const redelivered = new Counter({ name: 'standing_bus_redelivered_total', help: 'Messages that the broker delivered again', labelNames: ['stream'], registers })
  const dead = new Counter({ name: 'standing_dead_letters_total', help: 'Messages that could not be taken', labelNames: ['stream'], registers })

  const facts = new Counter({ name: 'standing_facts_total', help: 'Facts, such as payment.completed and payment.failed', labelNames: ['fact'], registers })

  // Looking up a labelled child hashes its labels; on the hot route the child itself is kept.
  const requestChildren = new Map<string, { observe(value: number): void }>()

  return {
    engine: {
      committed(count, durationMs) {
        rows.observe(count)
        commit.observe(durationMs / 1_000)
      },
      timerFired: (latenessMs) => lateness.observe(Math.max(0, latenessMs) / 1_000),
      effectFinished: (lane, name, outcome, durationMs) => effects.observe({ lane, name, outcome }, durationMs / 1_000),
      parked: (kind) => parked.inc({ kind }),
      conflict: () => conflicts.inc(),
      duplicate: () => duplicates.inc(),
      slicesMoved: (direction, count) => moves.inc({ direction }, count),
      forwarded: (outcome) => forwards.inc({ outcome }),
    },
    bus: {
      published: (kind, count) => published.inc({ kind }, count),
      redelivered: (stream) => redelivered.inc({ stream }),
      deadLettered: (stream) => dead.inc({ stream }),
    },
    http(method, route, status, durationMs) {
      const key = `${method} ${status} ${route}`
      let child = requestChildren.get(key)
      if (child === undefined) {
        child = requests.labels(method, route, String(status))
        requestChildren.set(key, child)
      }
      child.observe(durationMs / 1_000)
    },
    hookReceived: (provider, outcome) => received.inc({ provider, outcome }),
    hookProcessed: (provider, outcome) => processed.inc({ provider, outcome }),
    fact: (fact) => facts.inc({ fact }),
    rateLimited: (policy) => limited.inc({ policy }),
    watch: (sources) => watchGauges(registry, sources),
    render: async () => ({ text: await registry.metrics(), contentType: registry.contentType }),
  }
}

function watchGauges(registry: Registry, sources: Watched): void {
  const registers = [registry]
  const gauge = (name: string, help: string, read: (stats: RuntimeStats) => number) =>
    new Gauge({ name, help, registers, collect() { this.set(read(sources.stats())) } })
  gauge('standing_waiting_events', 'Events in mailboxes', (stats) => stats.waiting)
  gauge('standing_hot_actors', 'Actors kept in memory', (stats) => stats.hotActors)
  gauge('standing_commits_in_flight', 'Commits under way', (stats) => stats.commitsInFlight)
  gauge('standing_outbox_messages', 'Messages that have not left yet', (stats) => stats.outbox)
  gauge('standing_slices_owned', 'Slices that this node works on', (stats) => stats.slices)
  gauge('standing_timers_near', 'Timers held in memory because they are due soon', (stats) => stats.timersNear)
  new Gauge({
    name: 'standing_effects', help: 'Outside calls in memory', labelNames: ['lane', 'state'], registers,
    collect() {
      for (const [lane, { queued, running }] of Object.entries(sources.stats().effects)) {
        this.set({ lane, state: 'queued' }, queued)
        this.set({ lane, state: 'running' }, running)
      }
    },
  })
  new Gauge({
    name: 'standing_lane_lag_seconds', help: 'How long the outside call that has waited longest in its lane has been due', labelNames: ['lane'], registers,
    collect() {
      for (const [lane, { oldestMs = 0 }] of Object.entries(sources.stats().effects)) this.set({ lane }, oldestMs / 1_000)
    },
  })
  const { outboxAgeMs, setAside, busStatus } = sources
  if (busStatus !== undefined) {
    gauge('standing_bus_connected', '1 while the broker is in reach', () => (busStatus().isConnected ? 1 : 0))
    gauge('standing_mail_waiting', 'Mail that the broker holds for the slices of this node', () => [...busStatus().waitingMail.values()].reduce((sum, count) => sum + count, 0))
  }
  if (setAside !== undefined) {
    new Gauge({
      name: 'standing_set_aside', help: 'What waits for people, in the whole database', labelNames: ['kind'], registers,
      // Nothing is told while nobody can say.
      async collect() {
        this.reset()
        for (const [kind, count] of Object.entries(await setAside().catch(() => ({})))) this.set({ kind }, Number(count))
      },
    })
  }
  if (outboxAgeMs === undefined) return
  new Gauge({
    name: 'standing_outbox_age_seconds', help: 'Age of the oldest message that has not left yet', registers,
    // Without its database the process still tells the rest.
    async collect() { this.set(await outboxAgeMs().then((ms) => ms / 1_000, () => Number.NaN)) },
  })
}
