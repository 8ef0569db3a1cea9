/** The machine of the soak: every push is a fact, an effect, a message to another bead and a timer. */
import { assign, emit, setup } from 'xstate'
import { defineActor, tell, type ActorDefinition } from '../../runtime/index.ts'

interface Push {
  type: 'bead.push'
  /** Who sent it, and its number among the pushes of that sender to this bead. */
  sender: string
  n: number
  /** The bead that is told. */
  to: string
}
interface Echo {
  type: 'bead.echo'
  from: string
  n: number
}

const machine = setup({
  types: { context: {} as { pushes: number; echoes: number }, events: {} as Push | Echo, emitted: {} as { type: 'bead.pushed' | 'bead.echoed' | 'bead.cooled' } },
  actions: {
    countPush: assign({ pushes: ({ context }) => context.pushes + 1 }),
    countEcho: assign({ echoes: ({ context }) => context.echoes + 1 }),
    announcePush: emit({ type: 'bead.pushed' }),
    announceEcho: emit({ type: 'bead.echoed' }),
    announceCool: emit({ type: 'bead.cooled' }),
    tellOther: tell(
      ({ event }) => ({ type: 'bead', id: (event as Push).to }),
      ({ event, context }) => ({ type: 'bead.echo' as const, from: (event as Push).sender, n: context.pushes }),
    ),
    note: () => undefined,
  },
  delays: { warmth: 1_500 },
}).createMachine({
  id: 'bead',
  context: { pushes: 0, echoes: 0 },
  initial: 'cold',
  on: {
    'bead.push': { target: '.warm', reenter: true, actions: ['countPush', 'announcePush', 'tellOther', 'note'] },
    'bead.echo': { actions: ['countEcho', 'announceEcho'] },
  },
  states: {
    cold: {},
    warm: { after: { warmth: { target: 'cold', actions: 'announceCool' } } },
  },
})

/** @param note called once or more per effect, with its key (R5). */
export function bead(note: (key: string) => Promise<void>): ActorDefinition {
  return defineActor({ type: 'bead', version: '1', machine, effects: { note: { lane: 'notes', run: (_input: unknown, { key }) => note(key) } } })
}
