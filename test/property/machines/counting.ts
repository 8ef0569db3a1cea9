/** A small machine that counts what it is told, for properties in which the order of things is left to chance. */
import { assign, createMachine, emit } from 'xstate'
import { defineActor, defineEffect, durable, tell } from '../../../runtime/index.ts'
import type { ActorDefinition } from '../../../runtime/index.ts'
import type { OutsideCall } from '../../support/faults/world.ts'

export interface Tally {
  /** Numbers of `add` events by sender, in the order in which they were applied. */
  added: Record<string, number[]>
  /** Numbers passed on by others, by who passed them on. */
  passed: Record<string, number[]>
  results: number
  rung: number
}

interface Args {
  context: Tally
  event: { type: string; by: string; n: number; to?: string }
}

const noted = (list: Record<string, number[]>, by: string, n: number): Record<string, number[]> => ({ ...list, [by]: [...(list[by] ?? []), n] })

/** `add` counts, calls the outside, and passes its number on where the sender asks for it; each ring of the timer counts too. */
export function counting(call: OutsideCall): ActorDefinition {
  const machine = createMachine(
    {
      id: 'counting',
      type: 'parallel',
      context: { added: {}, passed: {}, results: 0, rung: 0 } satisfies Tally,
      states: {
        counter: {
          on: {
            add: {
              actions: [
                assign(({ context, event }: Args) => ({ added: noted(context.added, event.by, event.n) })),
                emit(({ event }: Args) => ({ type: 'added', by: event.by, n: event.n })),
                { type: 'record' },
                tell(
                  ({ event }) => ({ type: 'counting', id: (event as Args['event']).to ?? 'a' }),
                  ({ event }) => ({ type: 'pass', by: (event as Args['event']).by, n: (event as Args['event']).n }),
                ),
              ],
            },
            pass: { actions: assign(({ context, event }: Args) => ({ passed: noted(context.passed, event.by, event.n) })) },
          },
        },
        caller: {
          initial: 'idle',
          states: {
            idle: { on: { add: 'calling' } },
            calling: { invoke: { src: 'ask', onDone: { target: 'idle', actions: assign(({ context }: Args) => ({ results: context.results + 1 })) } } },
          },
        },
        bell: { initial: 'wound', states: { wound: { after: { 100: { target: 'wound', reenter: true, actions: assign(({ context }: Args) => ({ rung: context.rung + 1 })) } } } } },
      },
    } as never,
    { actors: { ask: durable<{ n: number }>() } },
  )
  return defineActor({
    type: 'counting',
    version: '1',
    machine,
    effects: {
      ask: defineEffect<unknown, unknown>({ run: (input, context) => call('ask', input, context), retry: { initialMs: 50, factor: 1 } }),
      record: defineEffect<unknown, unknown>({ run: (input, context) => call('record', input, context), retry: { initialMs: 50, factor: 1 } }),
    },
  })
}
