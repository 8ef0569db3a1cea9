/** A node whose actors tell each other things over JetStream, and the load that makes them. */
import { assign, emit, setup } from 'xstate'
import { createLogger } from '../../api/logger.ts'
import { postgresStore } from '../../db/store/index.ts'
import { createRuntime, defineActor, jetStreamBus, tell } from '../../runtime/index.ts'
import { actorId } from '../cycle.ts'
import { closedLoop, summarise } from '../load.ts'
import { optionsOf, serve } from './serve.ts'

interface Options {
  url: string
  nats: string
  actors: number
}

interface Hop {
  type: 'hop' | 'land' | 'landLoudly' | 'speak'
  to: string
  loud: boolean
}

const FACTS_PER_SPEECH = 20

const machine = setup({
  types: { context: {} as { count: number }, events: {} as Hop, emitted: {} as { type: 'landed' | 'spoke' } },
  actions: {
    count: assign({ count: ({ context }) => context.count + 1 }),
    pass: tell(({ event }) => ({ type: 'hopper', id: event.to }), ({ event }) => ({ type: event.loud ? 'landLoudly' : 'land' })),
    announce: emit({ type: 'landed' }),
    say: emit({ type: 'spoke' }),
  },
}).createMachine({
  id: 'hopper',
  context: { count: 0 },
  on: {
    hop: { actions: ['count', 'pass'] },
    land: { actions: 'count' },
    landLoudly: { actions: ['count', 'announce'] },
    speak: { actions: Array.from({ length: FACTS_PER_SPEECH }, () => 'say' as const) },
  },
})

const { url, nats, actors } = optionsOf<Options>()
const log = createLogger({ level: 'warn' })
let published = 0
const link = jetStreamBus({ servers: nats, log, metrics: { published: (kind, count) => void (kind === 'fact' && (published += count)) } })
const runtime = createRuntime({ actors: [defineActor({ type: 'hopper', version: '1', machine })], store: postgresStore({ url }), bus: link.bus, peers: link.peers, log })
await runtime.start()
await link.integrations.start({
  command: async ({ address, event, eventId }) => {
    await runtime.post(address, event, { eventId })
    return { outcome: 'done' }
  },
  call: () => Promise.resolve({ ok: false, status: 404, message: 'not here' }),
})

const any = (): string => actorId(Math.floor(Math.random() * actors))

async function create({ from, to }: { from: number; to: number }): Promise<void> {
  await Promise.all(Array.from({ length: to - from }, (_, n) => runtime.create({ type: 'hopper', id: actorId(from + n) })))
  await runtime.settled()
}

/** So many senders hop as fast as they are answered. */
async function hop({ senders, durationMs }: { senders: number; durationMs: number }): Promise<number> {
  const result = await closedLoop(senders, 0, durationMs, () => runtime.send({ type: 'hopper', id: any() }, { type: 'hop', to: any(), loud: false }))
  await runtime.settled()
  return result.count
}

/** From the answer to the sender to the landing's commit, at a fixed rate. */
async function latency({ perSecond, durationMs }: { perSecond: number; durationMs: number }): Promise<{ p50Ms: number; p99Ms: number; count: number }> {
  const waiting: number[] = []
  const latencies: number[] = []
  const stop = runtime.onFact(({ type }) => {
    const at = type === 'landed' ? waiting.shift() : undefined
    if (at !== undefined) latencies.push(performance.now() - at)
  })
  const count = Math.round((durationMs / 1_000) * perSecond)
  const firstAt = performance.now()
  for (let n = 0; n < count; n++) {
    const wait = firstAt + (n * 1_000) / perSecond - performance.now()
    if (wait > 0) await new Promise((resolve) => setTimeout(resolve, wait))
    void runtime.send({ type: 'hopper', id: actorId(n % actors) }, { type: 'hop', to: actorId((n + 1) % actors), loud: true }).then(() => waiting.push(performance.now()))
  }
  await runtime.settled()
  while (latencies.length < count) await new Promise((resolve) => setTimeout(resolve, 50))
  stop()
  return { ...summarise(latencies, durationMs), count: latencies.length }
}

async function facts({ senders, durationMs }: { senders: number; durationMs: number }): Promise<number> {
  const before = published
  const beganAt = performance.now()
  await closedLoop(senders, 0, durationMs, () => runtime.send({ type: 'hopper', id: any() }, { type: 'speak' }))
  await runtime.settled()
  return ((published - before) / (performance.now() - beganAt)) * 1_000
}

serve({}, { create, hop, latency, facts }, () => runtime.stop())
