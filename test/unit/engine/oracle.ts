/**
 * XState itself as the judge: the same events go to a live actor with a simulated clock and to the engine, and after each the two must agree.
 * The engine is asked three times: with the actor kept in memory, loaded anew for every step, and crashed before every step.
 */
import { createActor, SimulatedClock, type AnyMachineSnapshot, type AnyStateMachine } from 'xstate'
import { expect } from 'vitest'
import type { ActorDefinition, EventObject } from '../../../runtime/index.ts'
import { rig, thing, type RigOptions } from './rig.ts'

/** An event, or milliseconds to wait. */
export type Play = EventObject | string | number

export interface Seen {
  status: string
  value: unknown
  tags: string[]
  context: unknown
  output: unknown
  error: unknown
}

/** Steps of time small enough that a timer set by a timer is set at its own moment. */
const TICK_MS = 5

export const MODES: { mode: string; options: RigOptions; isCrashing: boolean }[] = [
  { mode: 'hot', options: {}, isCrashing: false },
  { mode: 'reloaded', options: { limits: { hotActors: 0 } }, isCrashing: false },
  { mode: 'crashed', options: {}, isCrashing: true },
]

/** What XState makes of it, after the start and after each play. */
export async function xstate(machine: AnyStateMachine, plays: readonly Play[], input?: unknown): Promise<Seen[]> {
  const clock = new SimulatedClock()
  const actor = createActor(machine, { clock, logger: () => undefined, ...(input === undefined ? {} : { input: input }) })
  // An error status is a result here, not an accident.
  actor.subscribe({ error: () => undefined })
  actor.start()
  const seen = [await look()]
  for (const play of plays) {
    if (typeof play === 'number') for (let ms = 0; ms < play; ms += TICK_MS) clock.increment(TICK_MS)
    // A finished actor takes nothing, and says so on the console.
    else if (actor.getSnapshot().status === 'active') actor.send((typeof play === 'string' ? { type: play } : play))
    seen.push(await look())
  }
  actor.stop()
  return seen

  async function look(): Promise<Seen> {
    // Promises of the machine answer meanwhile.
    for (let i = 0; i < 5; i++) await new Promise((resolve) => setImmediate(resolve))
    const snapshot = actor.getSnapshot() as AnyMachineSnapshot
    const persisted = actor.getPersistedSnapshot() as unknown as { context: unknown }
    return plain({ status: snapshot.status, value: snapshot.value, tags: [...snapshot.tags].sort(), context: persisted.context, output: snapshot.output, error: snapshot.status === 'error' ? messageOf(snapshot.error) : undefined })
  }
}

/** What the engine makes of it. */
export async function standing(definition: ActorDefinition, plays: readonly Play[], { options, isCrashing }: (typeof MODES)[number], input?: unknown): Promise<Seen[]> {
  const r = await rig(definition, options)
  await r.create(input)
  const seen = [await look()]
  for (const play of plays) {
    if (isCrashing) await r.crash()
    if (typeof play === 'number') await r.clock.advance(play)
    // XState passes over what it does not accept; the engine says so.
    else await r.send(play).catch((error: unknown) => expect((error as { code?: string }).code).toMatch(/^(event-not-accepted|actor-done)$/))
    seen.push(await look())
  }
  r.runtime.kill()
  return seen

  async function look(): Promise<Seen> {
    const { status, value, tags, context, output, error } = await r.view()
    return plain({ status, value, tags: [...tags].sort(), context, output, error: messageOf(error) })
  }
}

export async function agree(machine: AnyStateMachine, plays: readonly Play[], mode: (typeof MODES)[number], more: Partial<ActorDefinition> = {}, input?: unknown): Promise<Seen[]> {
  const judge = await xstate(machine, plays, input)
  expect(await standing(thing(machine, more), plays, mode, input)).toEqual(judge)
  return judge
}

function messageOf(error: unknown): unknown {
  return typeof error === 'object' && error !== null && 'message' in error ? error.message : error
}

function plain(seen: Seen): Seen {
  return JSON.parse(JSON.stringify(seen)) as Seen
}
