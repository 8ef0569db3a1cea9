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
const COMMANDED = 10_000
const PUBLISHED_AT_ONCE = 500
const LIMIT_MS = 120_000
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
    await first.ask('create', { from: 0, to: ACTORS })
    await hops(client, [first], WARMUP_MS)
    const one = await hops(client, [first], durationMs)
    report.add('bus.hops', one, 'events/s', { text: '>= 5,000/s between actors on one node', reached: one >= 5_000 })
    const { p50Ms, p99Ms } = await first.ask<Latency>('latency', { perSecond: RATE, durationMs })
    report.add('bus.hop.p50', p50Ms, 'ms')
    report.add('bus.hop.p99', p99Ms, 'ms', { text: '< 50 ms at 500/s', reached: p99Ms < 50 })
    const facts = await first.ask<number>('facts', { senders: 64, durationMs })
    report.add('bus.facts', facts, 'facts/s', { text: '>= 10,000/s', reached: facts >= 10_000 })
    // A broker of version 2.9 looks, at each acknowledgement, for the subject's next message: many for few actors cost it more than all else.
    report.add('bus.commands.few-actors', await commandRate(client, broker.url, ACTORS), 'commands/s')
    await first.ask('create', { from: ACTORS, to: COMMANDED })
    const commands = await commandRate(client, broker.url, COMMANDED)
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

/** Landed events a second, over the time until the last has landed. A hop is a step of who sends and a step of who is told. */
async function hops(client: pg.Client, nodes: readonly Server<object>[], durationMs: number): Promise<number> {
  const before = await steps(client)
  const beganAt = performance.now()
  const sent = await Promise.all(nodes.map((node) => node.ask<number>('hop', { senders: Math.ceil(SENDERS / nodes.length), durationMs })))
  const count = sent.reduce((sum, one) => sum + one, 0)
  await reached(client, before + 2 * count, beganAt)
  return (count / (performance.now() - beganAt)) * 1_000
}

/** All that is committed so far. Counted by actors, which is a small table; the journal's millions would be a load of their own. */
async function steps(client: pg.Client): Promise<number> {
  const { rows } = await client.query<{ sum: string }>('select sum(seq) from standing.actors')
  return Number(rows[0]?.sum)
}

/** Senders may have had one more under way when their time was up. @throws Error when it takes too long: what was sent is not there. */
async function reached(client: pg.Client, expected: number, beganAt: number): Promise<void> {
  for (;;) {
    const found = await steps(client)
    if (found >= expected) return
    if (performance.now() - beganAt > LIMIT_MS) throw new Error(`${found} of ${expected} steps are committed`)
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}

/** From the first publish to the last commit. */
async function commandRate(client: pg.Client, url: string, actors: number): Promise<number> {
  const nc = await connect({ servers: url })
  const js = nc.jetstream()
  const before = await steps(client)
  const beganAt = performance.now()
  let waiting: Promise<unknown>[] = []
  for (let n = 0; n < COMMANDS; n++) {
    const command = JSON.stringify({ type: 'land', to: '', loud: false })
    waiting.push(js.publish(`standing.cmd.main.hopper.${actorId(n % actors)}`, command, { msgID: `command-${actors}-${n}` }))
    if (waiting.length < PUBLISHED_AT_ONCE) continue
    await Promise.all(waiting)
    waiting = []
  }
  await Promise.all(waiting)
  await reached(client, before + COMMANDS, beganAt)
  const seconds = (performance.now() - beganAt) / 1_000
  await nc.close()
  return COMMANDS / seconds
}
