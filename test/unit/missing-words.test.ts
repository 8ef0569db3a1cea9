import { and, assign, createMachine, fromPromise, not, raise, setup, spawnChild } from 'xstate'
import { describe, expect, it } from 'vitest'
import type { Phrase, Words } from '../../machines/words.ts'
import { missingWords } from '../../tools/missing-words.ts'

const machine = setup({
  types: { context: {} as { tries: number } },
  actors: { askBank: fromPromise(() => Promise.resolve(1)), watch: fromPromise(() => Promise.resolve(2)) },
  actions: {
    sendReceipt: () => undefined,
    shred: () => undefined,
    countTry: assign({ tries: ({ context }) => context.tries + 1 }),
    remindLater: raise({ type: 'remind' }, { delay: 'reminderGap' }),
  },
  guards: { hasMoney: () => true, isBlocked: () => false, isAdult: (_, _params: { years: number }) => true, isAskedInside: () => true },
  delays: { graceTime: 1000, reminderGap: 2000 },
}).createMachine({
  id: 'subscription',
  context: { tries: 0 },
  initial: 'pending',
  states: {
    pending: {
      invoke: { src: 'askBank', onDone: { target: 'active', guard: 'hasMoney' } },
      on: { pay: { target: 'active', guard: and(['hasMoney', not('isBlocked')]), actions: ['countTry', 'sendReceipt'] }, '*': {} },
    },
    active: {
      initial: 'good',
      entry: [spawnChild('watch'), 'remindLater'],
      states: {
        good: { on: { remind: 'grace' } },
        grace: { after: { graceTime: '#subscription.ended', 500: 'good' }, always: { guard: { type: 'isAdult', params: { years: 18 } }, target: 'good' } },
      },
    },
    ended: { type: 'final', exit: { type: 'shred' } },
  },
})

function phrases(...names: string[]): Record<string, Phrase> {
  return Object.fromEntries(names.map((name) => [name, { staff: `${name} for staff`, customer: `${name} for you` }]))
}

const complete: Words = {
  states: phrases('pending', 'active', 'active.good', 'active.grace', 'ended'),
  events: phrases('pay', 'remind'),
  guards: phrases('hasMoney', 'isBlocked', 'isAdult'),
  delays: phrases('graceTime', 'after.500', 'reminderGap'),
  effects: phrases('askBank', 'watch', 'sendReceipt', 'shred'),
}

describe('missing words', () => {
  it('finds nothing to say about a fully described machine', () => {
    expect(missingWords(machine, complete)).toEqual([])
  })

  it('asks for a phrase for everything a person could meet, for staff and for the customer', () => {
    const complaints = missingWords(machine, undefined)
    const named = Object.entries(complete).flatMap(([kind, entries]: [string, Record<string, Phrase>]) => Object.keys(entries).map((name) => `${kind.slice(0, -1)} '${name}'`))

    expect(complaints).toHaveLength(2 * named.length)
    for (const name of named) {
      expect(complaints).toContain(`missing ${name}: no phrase for staff`)
      expect(complaints).toContain(`missing ${name}: no phrase for the customer`)
    }
  })

  it.each(['states', 'events', 'guards', 'delays', 'effects'] as const)('notices one missing phrase among %s', (kind) => {
    for (const name of Object.keys(complete[kind])) {
      const { [name]: _left, ...others } = complete[kind]
      expect(missingWords(machine, { ...complete, [kind]: others })).toHaveLength(2)
    }
  })

  it('takes an empty phrase for a missing one', () => {
    const words = { ...complete, events: { ...complete.events, pay: { staff: 'paid', customer: ' ' } } }
    expect(missingWords(machine, words)).toEqual(["missing event 'pay': no phrase for the customer"])
  })

  it('reports phrases of things that are gone', () => {
    const words = { ...complete, states: { ...complete.states, ...phrases('suspended') } }
    expect(missingWords(machine, words)).toEqual(["unused state 'suspended': the machine has none of this name"])
  })

  it('allows a phrase for a guard that is set up but not named in a transition', () => {
    expect(missingWords(machine, { ...complete, guards: { ...complete.guards, ...phrases('isAskedInside') } })).toEqual([])
  })

  it('is not misled by names that every object has', () => {
    expect(missingWords(createMachine({ on: { constructor: { actions: 'toString' } } }), { ...noWords(), events: phrases('constructor') })).toEqual([
      "missing effect 'toString': no phrase for staff",
      "missing effect 'toString': no phrase for the customer",
    ])
  })
})

function noWords(): Words {
  return { states: {}, events: {}, guards: {}, delays: {}, effects: {} }
}
