/**
 * The machine that is killed in the middle: an errand calls somebody outside, waits for its time, tells a
 * tally when it begins and when it is done, and ends. Each of these must have happened when all is over.
 */
import { assign, emit, setup } from 'xstate'
import { defineActor, defineEffect, durable, tell } from '../runtime/index.ts'
import type { ActorDefinition } from '../runtime/index.ts'

export const TALLIES = 100

interface ErrandInput {
  n: number
  waitMs: number
}

const errandMachine = setup({
  types: { context: {} as ErrandInput, input: {} as ErrandInput, emitted: {} as { type: 'errand.done' } },
  actors: { call: durable<string, { n: number }>() },
  delays: { itsTime: ({ context }) => context.waitMs },
}).createMachine({
  id: 'errand',
  context: ({ input }) => input,
  initial: 'underWay',
  states: {
    underWay: {
      entry: tell(({ context }) => ({ type: 'tally', id: `t${context.n % TALLIES}` }), ({ context }) => ({ type: 'note', about: context.n, what: 'begun' })),
      type: 'parallel',
      states: {
        errand: { initial: 'calling', states: { calling: { invoke: { id: 'call', src: 'call', input: ({ context }) => ({ n: context.n }), onDone: 'called' } }, called: { type: 'final' } } },
        time: { initial: 'waiting', states: { waiting: { after: { itsTime: 'over' } }, over: { type: 'final' } } },
      },
      onDone: 'done',
    },
    done: {
      entry: [emit({ type: 'errand.done' }), tell(({ context }) => ({ type: 'tally', id: `t${context.n % TALLIES}` }), ({ context }) => ({ type: 'note', about: context.n, what: 'done' }))],
      type: 'final',
    },
  },
})

const tallyMachine = setup({
  types: { context: {} as { notes: number }, events: {} as { type: 'note'; about: number; what: string } },
}).createMachine({
  id: 'tally',
  context: { notes: 0 },
  on: { note: { actions: assign({ notes: ({ context }) => context.notes + 1 }) } },
})

/** @param call is told the effect's key. */
export function errandActors(call: (key: string) => Promise<string>): ActorDefinition[] {
  return [
    defineActor({
      type: 'errand',
      version: '1',
      machine: errandMachine,
      effects: { call: defineEffect<{ n: number }, string>({ run: (_input, { key }) => call(key), retry: { attempts: 20, initialMs: 100, maxMs: 1_000 } }) },
    }),
    defineActor({ type: 'tally', version: '1', machine: tallyMachine }),
  ]
}
