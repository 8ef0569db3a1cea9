/** Many senders at once, without waiting for anything to settle, on one process or on several over the same store. */
import { addressKey, memoryStore, RetryableError } from '../../runtime/index.ts'
import type { JournalRow, Mail, SendResult } from '../../runtime/index.ts'
import type { Fact } from '../../runtime/index.ts'
import type { Store } from '../../runtime/ports/store.ts'
import type { ActorCommit } from '../../runtime/ports/store.ts'
import { FaultPlan } from '../support/faults/plan.ts'
import type { Fault, Site } from '../support/faults/plan.ts'
import { Process } from '../support/faults/process.ts'
import { virtualTurns } from '../support/faults/turns.ts'
import type { Turns } from '../support/faults/turns.ts'
import { World } from '../support/faults/world.ts'
import { counting } from './machines/counting.ts'
import type { Tally } from './machines/counting.ts'

export interface Crowd {
  /** What each sender does, one after the other: an `add` for `to`, passed on to `then`. */
  senders: { to: number; then: number; withId: boolean }[][]
  faults: Fault[]
}

export interface CrowdOptions {
  processes: number
  within?: Readonly<Record<Site, number>>
  hotActors?: number
  store?: () => Promise<Store>
  turns?: () => Turns
}

export interface Sent {
  sender: string
  n: number
  actor: string
  then: string
  eventId: string | undefined
  answer: SendResult | undefined
}

export interface Gathered {
  sent: Sent[]
  tallies: Record<string, Tally>
  journals: Record<string, JournalRow[]>
  /** Everything that was committed to go out. */
  mails: Mail[]
  facts: Fact[]
  effectKeys: string[]
  calls: ReadonlyMap<string, number>
  published: ReadonlyMap<string, number>
  leftover: string[]
  zombies: string[]
  siteCalls: Readonly<Record<Site, number>>
}

const ACTORS = ['a', 'b', 'c']
const PAGE = 10_000
const TURNS_MAX = 20_000
const ADVANCE_MS = 130

export async function crowd({ senders, faults }: Crowd, options: CrowdOptions): Promise<Gathered> {
  const turns = (options.turns ?? virtualTurns)()
  const processes: Process[] = []
  try {
    const committed: ActorCommit[] = []
    const store = watched(await (options.store ?? (async () => memoryStore()))(), committed)
    const plan = new FaultPlan(faults, options.within)
    // Every third first attempt fails and comes again.
    const answer = ({ key, attempt }: { key: string; attempt: number }): unknown => {
      if (attempt === 1 && key.length % 3 === 0) throw new RetryableError('busy')
      return { n: 1 }
    }
    for (let i = 0; i < options.processes; i++) {
      const world = new World(plan, turns, { serial: false, answer })
      processes.push(
        new Process({
          definitions: (call) => [counting(call)],
          store,
          world,
          plan,
          turns,
          turnsMax: TURNS_MAX,
          name: `p${i}.`,
          ...(options.hotActors === undefined ? {} : { limits: { hotActors: options.hotActors } }),
        }),
      )
    }
    const worlds = processes.map((process) => process.world)
    for (const process of processes) await process.start()
    for (const id of ACTORS) await at(processes, 0).ask((runtime) => runtime.create({ type: 'counting', id }, undefined, { eventId: `create ${id}` }), false)
    const sent = (await Promise.all(senders.map((events, i) => perform(processes, `s${i}`, events)))).flat()
    plan.end()
    // Retries and timers that are due.
    await Promise.all(processes.map((process) => process.advance(ADVANCE_MS)))
    for (const process of processes) await process.settle()

    const tallies: Gathered['tallies'] = {}
    const journals: Gathered['journals'] = {}
    for (const id of ACTORS) {
      const address = { tenant: 'main', type: 'counting', id }
      const loaded = (await store.load([address])).get(addressKey(address))
      tallies[id] = JSON.parse(loaded?.actor.context ?? '{}') as Tally
      journals[id] = await store.history(address, { limit: PAGE, order: 'asc' })
    }
    const outbox = committed.flatMap((commit) => commit.outbox)
    return {
      sent,
      tallies,
      journals,
      mails: outbox.filter(({ kind }) => kind === 'mail').map(({ body }) => JSON.parse(body) as Mail),
      facts: outbox.filter(({ kind }) => kind === 'fact').map(({ body }) => JSON.parse(body) as Fact),
      effectKeys: committed.flatMap((commit) => commit.effectsAdded.map(({ key }) => key)),
      calls: summed(worlds.map((world) => world.calls)),
      published: summed(worlds.map((world) => world.facts)),
      leftover: await at(processes, 0).leftover(),
      zombies: processes.flatMap((process) => process.zombies()),
      siteCalls: { ...plan.calls },
    }
  } finally {
    for (const process of processes) await process.end()
    turns.end()
  }
}

/** One after the other, each until there is an answer; events without an id of the client's are not repeated. */
async function perform(processes: readonly Process[], sender: string, events: Crowd['senders'][number]): Promise<Sent[]> {
  const sent: Sent[] = []
  for (const [n, { to, then, withId }] of events.entries()) {
    const actor = at(ACTORS, to)
    const one: Sent = { sender, n, actor, then: at(ACTORS, then), eventId: withId ? `${sender}-${n}` : undefined, answer: undefined }
    sent.push(one)
    const event = { type: 'add', by: sender, n, to: one.then }
    const process = at(processes, n)
    if (one.eventId === undefined) {
      one.answer = await process.attempt((runtime) => runtime.send({ type: 'counting', id: actor }, event))
    } else {
      const { eventId } = one
      const answer = await process.ask((runtime) => runtime.send({ type: 'counting', id: actor }, event, { eventId }), false)
      if ('error' in answer) throw answer.error
      one.answer = answer.value
    }
  }
  return sent
}

/** Notes what was really committed. */
function watched(store: Store, committed: ActorCommit[]): Store {
  return new Proxy(store, {
    get: (target, name) => {
      const member: unknown = Reflect.get(target, name)
      if (typeof member !== 'function') return member
      if (name !== 'commit') return (member as () => unknown).bind(target)
      return async (batch: Parameters<Store['commit']>[0]) => {
        await target.commit(batch)
        committed.push(...batch.actors)
      }
    },
  })
}

function summed(maps: readonly ReadonlyMap<string, number>[]): Map<string, number> {
  const sum = new Map<string, number>()
  for (const map of maps) for (const [key, count] of map) sum.set(key, (sum.get(key) ?? 0) + count)
  return sum
}

function at<T>(list: readonly T[], index: number): T {
  return list[index % list.length] as T
}
