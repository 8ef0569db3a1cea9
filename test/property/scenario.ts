/** Runs commands against a random system and tells all that can be told of the outcome. */
import { isStandingError, memoryStore, TerminalError } from '../../runtime/index.ts'
import type { ActorView, HistoryEntry, Limits, SendResult } from '../../runtime/index.ts'
import type { Store } from '../../runtime/ports/store.ts'
import { FaultPlan } from '../support/faults/plan.ts'
import type { Fault, Site } from '../support/faults/plan.ts'
import { Process, RestlessError } from '../support/faults/process.ts'
import { virtualTurns } from '../support/faults/turns.ts'
import type { Turns } from '../support/faults/turns.ts'
import { World } from '../support/faults/world.ts'
import { definitionsOf } from './machines/build.ts'
import { addressesOf, DELAYS, eventType, pick } from './machines/spec.ts'
import type { Command, PlainAddress, SystemSpec } from './machines/spec.ts'

export interface Scenario {
  system: SystemSpec
  commands: Command[]
  faults: Fault[]
}

export interface RunOptions {
  /** How many calls a run without faults makes: positions of faults are folded into it. */
  within?: Readonly<Record<Site, number>>
  limits?: Partial<Limits>
  /** A new process before each command. */
  restarts?: boolean
  store?: () => Promise<Store>
  turns?: () => Turns
}

/** What the client heard. */
type Heard = { seq: number; value: unknown; context: unknown; facts?: unknown } | { refused: string } | { advancedTo: number }

export interface Outcome {
  heard: Heard[]
  views: Record<string, ActorView>
  journals: Record<string, HistoryEntry[]>
  parked: { eventId: string; actor: string; kind: string; eventType: string }[]
  /** Keys of calls that reached the outside, and of facts that were published. */
  effects: string[]
  facts: string[]
  /** What is still to be done in the end: nothing. */
  leftover: string[]
  /** What dead processes did: nothing. */
  zombies: string[]
}

export interface Ran {
  outcome: Outcome
  calls: Readonly<Record<Site, number>>
  lives: number
  /** Facts in the order in which they were first published. */
  published: string[]
}

const PAGE = 1_000
/** A random system that does more than this of its own accord is no case; with faults each has long pauses to sit out. */
const CALM_TURNS_MAX = 1_200
const TURNS_MAX = 12_000

/** The outside is a function of what it is asked: every fourth answer is a refusal. */
export function outsideAnswer({ name, input }: { name: string; input: unknown }): unknown {
  const { n } = name === 'call' ? (input as { n: number }) : { n: 0 }
  if (name === 'call' && n % 4 === 3) throw new TerminalError(`refused ${n}`)
  return { n: (n * 3 + 1) % 5 }
}

export async function run({ system, commands, faults }: Scenario, options: RunOptions = {}): Promise<Ran> {
  const turns = (options.turns ?? virtualTurns)()
  let running: Process | undefined
  try {
    const store = await (options.store ?? (async () => memoryStore()))()
    const plan = new FaultPlan(faults, options.within)
    const world = new World(plan, turns, { serial: true, answer: outsideAnswer })
    const process = new Process({
      definitions: (call) => definitionsOf(system, call),
      store,
      world,
      plan,
      turns,
      turnsMax: faults.length === 0 && options.restarts !== true ? CALM_TURNS_MAX : TURNS_MAX,
      ...(options.limits === undefined ? {} : { limits: options.limits }),
    })
    running = process
    await process.start()
    const addresses = addressesOf(system)
    const heard: Heard[] = []
    for (const [i, command] of commands.entries()) {
      if (options.restarts === true) {
        await process.settle()
        process.crash()
      }
      heard.push(await perform(process, addresses, command, `c${i}`))
    }
    await process.settle()
    const { calls } = plan
    const counted = { ...calls }
    plan.end()
    const outcome = await collect(process, world, store, heard)
    return { outcome, calls: counted, lives: process.lives, published: [...world.facts.keys()] }
  } finally {
    await running?.end()
    turns.end()
  }
}

/** The run that others are compared with; undefined for a system that keeps itself too busy. */
export async function calmRun(system: SystemSpec, commands: Command[], options: RunOptions = {}): Promise<Ran | undefined> {
  try {
    return await run({ system, commands, faults: [] }, options)
  } catch (error) {
    if (error instanceof RestlessError) return undefined
    throw error
  }
}

async function perform(process: Process, addresses: readonly PlainAddress[], command: Command, eventId: string): Promise<Heard> {
  if (command.do === 'advance') {
    await process.advance(pick(DELAYS, command.delay))
    return { advancedTo: process.now }
  }
  const address = pick(addresses, command.actor)
  if (command.do === 'create') {
    const answer = await process.ask((runtime) => runtime.create(address, { n: command.n }, { eventId }))
    return 'error' in answer ? refusal(answer.error) : told(answer.value)
  }
  const answer = await process.ask((runtime) => runtime.send(address, { type: eventType(command.event), n: command.n }, { eventId }).then(withView))
  return 'error' in answer ? refusal(answer.error) : { ...told(answer.value.actor), facts: answer.value.facts }
}

/** The view is made on demand; the first answer shows the actor as of that answer. */
function withView(result: SendResult): SendResult {
  return { ...result, actor: result.actor }
}

/** Status, timers and what is accepted may have changed since, without a step of the actor; these not. */
function told({ seq, value, context }: ActorView): Heard {
  return { seq, value, context }
}

function refusal(error: unknown): Heard {
  if (isStandingError(error)) return { refused: error.code }
  throw error
}

async function collect(process: Process, world: World, store: Store, heard: Heard[]): Promise<Outcome> {
  const { runtime } = process
  const views: Outcome['views'] = {}
  const journals: Outcome['journals'] = {}
  for (const { type } of runtime.definitions()) {
    for (const { id } of (await runtime.list({ type, limit: PAGE })).data) {
      const key = `${type}/${id}`
      const view = await runtime.get({ type, id })
      if (view !== undefined) views[key] = JSON.parse(JSON.stringify(view)) as ActorView
      journals[key] = await runtime.history({ type, id }, { limit: PAGE })
    }
  }
  const parked = (await store.listParked({ limit: PAGE })).map(({ eventId, address, kind, eventType: type }) => ({ eventId, actor: `${address.type}/${address.id}`, kind, eventType: type }))
  return {
    heard,
    views,
    journals,
    parked: parked.sort((a, b) => (a.eventId < b.eventId ? -1 : 1)),
    effects: [...world.calls.keys()].sort(),
    facts: [...world.facts.keys()].sort(),
    leftover: await process.leftover(),
    zombies: process.zombies(),
  }
}
