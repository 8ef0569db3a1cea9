/** The machine that is measured: two states, each with an `after` timer, and a fact at every turn. */
import { assign, emit, setup } from 'xstate'
import { z } from 'zod'
import { defineActor } from '../runtime/index.ts'

const machine = setup({
  types: { context: {} as { turns: number }, events: {} as { type: 'turn'; by?: string }, emitted: {} as { type: 'cycle.turned'; turns: number } },
  actions: {
    count: assign({ turns: ({ context }) => context.turns + 1 }),
    tell: emit(({ context }) => ({ type: 'cycle.turned' as const, turns: context.turns })),
  },
  delays: { dayWatch: 8 * 3_600_000, nightWatch: 16 * 3_600_000 },
}).createMachine({
  id: 'cycle',
  context: { turns: 0 },
  initial: 'day',
  states: {
    day: { after: { dayWatch: 'night' }, on: { turn: { target: 'night', actions: ['count', 'tell'] } } },
    night: { after: { nightWatch: 'day' }, on: { turn: { target: 'day', actions: ['count', 'tell'] } } },
  },
})

export const cycle = defineActor({ type: 'cycle', version: '1', machine })

/** The same with a schema for its event, as an actor that is reached from outside has. */
export const checkedCycle = defineActor({
  type: 'cycle',
  version: '1',
  machine,
  events: { turn: z.strictObject({ by: z.string().min(1).max(64).optional() }) },
})

export const ACTORS = 1_000

export function actorId(n: number): string {
  return `c${String(n).padStart(7, '0')}`
}
