/** Events between actors, facts and commands over JetStream: on one node, and on three that share the machine. */
import pg from 'pg'
import { connect } from 'nats'
import { natsServer } from '../../sandbox/nats-server.ts'
import { startServer, type Server } from '../child.ts'
import { ACTORS, actorId } from '../cycle.ts'
import type { Lab } from '../lab.ts'
import type { Report } from '../report.ts'

const SENDERS = 128
const RATE = 500
const COMMANDS = 20_000
const LIMIT_MS = 60_000
const WARMUP_MS = 2_000

interface Latency {
  p50Ms: number
  p99Ms: number
  count: number
}

export async function busSuite(lab: Lab, report: Report, durationMs: number): Promise<void> {
  const url = await lab.database('bench_bus')
  const broker = await natsServer()
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  const nodes: Server<object>[] = []
  const join = async (): Promise<Server<object>> => {
    const node = await startServer<object>('hopper', { url, nats: broker.url, actors: ACTORS })
    nodes.push(node)
    return node
  }
  try {
    const first = await join()
    await first.ask('create')
    await hops(client, [first], WARMUP_MS)
    const one = await hops(client, [first], durationMs)
    report.add('bus.hops', one, 'events/s', { text: '>= 5,000/s between actors on one node', reached: one >= 5_000 })
    const { p50Ms, p99Ms } = await first.ask<Latency>('latency', { perSecond: RATE, durationMs })
    report.add('bus.hop.p50', p50Ms, 'ms')
    report.add('bus.hop.p99', p99Ms, 'ms', { text: '< 50 ms at 500/s', reached: p99Ms < 50 })
    const facts = await first.ask<number>('facts', { senders: 64, durationMs })
    report.add('bus.facts', facts, 'facts/s', { text: '>= 10,000/s', reached: facts >= 10_000 })
    const commands = await commandRate(client, broker.url)
    report.add('bus.commands', commands, 'commands/s', { text: '>= 5,000/s', reached: commands >= 5_000 })
    await join()
    await join()
    // The slices have found their owners by then, and the code is compiled.
    await hops(client, nodes, 3 * WARMUP_MS)
    const three = await hops(client, nodes, durationMs)
    report.add('bus.hops.three-nodes', three, 'events/s', { text: '>= as many as one node', reached: three >= one })
  } finally {
    for (const node of nodes) await node.stop()
    await client.end()
    await broker.dispose()
  }
}

/** Landed events a second, over the time until the last has landed. */
async function hops(client: pg.Client, nodes: readonly Server<object>[], durationMs: number): Promise<number> {
  const before = await landed(client)
  const beganAt = performance.now()
  const sent = await Promise.all(nodes.map((node) => node.ask<number>('hop', { senders: Math.ceil(SENDERS / nodes.length), durationMs })))
  const expected = before + sent.reduce((sum, count) => sum + count, 0)
  while ((await landed(client)) < expected && performance.now() - beganAt < LIMIT_MS) await new Promise((resolve) => setTimeout(resolve, 50))
  return ((expected - before) / (performance.now() - beganAt)) * 1_000
}

async function landed(client: pg.Client): Promise<number> {
  const { rows } = await client.query<{ count: string }>(`select count(*) from standing.journal where event_type = 'land'`)
  return Number(rows[0]?.count)
}

/** From the first publish to the last commit. */
async function commandRate(client: pg.Client, url: string): Promise<number> {
  const nc = await connect({ servers: url })
  const js = nc.jetstream()
  const before = await landed(client)
  const beganAt = performance.now()
  let waiting: Promise<unknown>[] = []
  for (let n = 0; n < COMMANDS; n++) {
    waiting.push(js.publish(`standing.cmd.main.hopper.${actorId(n % ACTORS)}`, JSON.stringify({ type: 'land', to: '', loud: false }), { msgID: `command-${n}` }))
    if (waiting.length < 500) continue
    await Promise.all(waiting)
    waiting = []
  }
  await Promise.all(waiting)
  while ((await landed(client)) < before + COMMANDS && performance.now() - beganAt < LIMIT_MS) await new Promise((resolve) => setTimeout(resolve, 20))
  const done = (await landed(client)) - before
  await nc.close()
  return (done / (performance.now() - beganAt)) * 1_000
}
