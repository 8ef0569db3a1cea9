/** Arbitraries of random systems. What is turned off for one property is simply never generated. */
import fc from 'fast-check'
import { COUNTER_BOUND, DELAYS, EVENTS } from './spec.ts'
import type { ActionSpec, Command, GuardSpec, InvokeSpec, MachineSpec, NodeSpec, SystemSpec, TransitionSpec } from './spec.ts'

export interface Features {
  /** Effects, children and messages: whatever reaches beyond the one actor. */
  outside: boolean
  always: boolean
  parallel: boolean
  poison: boolean
}

export const EVERYTHING: Features = { outside: true, always: true, parallel: true, poison: true }

const counter = fc.constantFrom<0 | 1>(0, 1)
const small = fc.nat({ max: COUNTER_BOUND - 1 })
const event = fc.nat({ max: EVENTS - 1 })
const delay = fc.nat({ max: DELAYS.length - 1 })
const index = fc.nat({ max: 11 })

const guard: fc.Arbitrary<GuardSpec> = fc.record({ counter, is: fc.constantFrom('below' as const, 'atLeast' as const), than: small })

function actions(features: Features): fc.Arbitrary<ActionSpec[]> {
  const inner: fc.WeightedArbitrary<ActionSpec>[] = [
    { weight: 6, arbitrary: fc.record({ do: fc.constant('count'), counter, by: fc.integer({ min: 1, max: 3 }) }) },
    { weight: 2, arbitrary: fc.record({ do: fc.constant('raise'), event }) },
    { weight: 2, arbitrary: fc.record({ do: fc.constant('raiseLater'), event, delay, id: fc.nat({ max: 1 }) }) },
    { weight: 1, arbitrary: fc.record({ do: fc.constant('cancel'), id: fc.nat({ max: 1 }) }) },
    { weight: 2, arbitrary: fc.record({ do: fc.constant('emit'), fact: fc.nat({ max: 2 }) }) },
  ]
  const outside: fc.WeightedArbitrary<ActionSpec>[] = [
    { weight: 2, arbitrary: fc.record({ do: fc.constant('act'), n: small }) },
    { weight: 4, arbitrary: fc.record({ do: fc.constant('tell'), to: index, event }) },
    { weight: 1, arbitrary: fc.record({ do: fc.constant('tellParent'), event }) },
    { weight: 1, arbitrary: fc.record({ do: fc.constant('tellChild'), event }) },
    { weight: 1, arbitrary: fc.record({ do: fc.constant('spawn') }) },
    { weight: 1, arbitrary: fc.record({ do: fc.constant('stop') }) },
  ]
  const poison: fc.WeightedArbitrary<ActionSpec>[] = [{ weight: 1, arbitrary: fc.record({ do: fc.constant('trip'), counter, at: fc.integer({ min: 1, max: COUNTER_BOUND - 1 }) }) }]
  const one = fc.oneof(...inner, ...(features.outside ? outside : []), ...(features.poison ? poison : []))
  return fc.array(one, { maxLength: 3, size: 'max' })
}

function transition(features: Features): fc.Arbitrary<TransitionSpec> {
  return fc.record({ guard, target: index, reenter: fc.boolean(), actions: actions(features) }, { requiredKeys: ['actions'] })
}

function node(features: Features, depth: number): fc.Arbitrary<NodeSpec> {
  const kinds: fc.WeightedArbitrary<NodeSpec['kind']>[] = [
    { weight: 6, arbitrary: fc.constant('atomic') },
    { weight: 1, arbitrary: fc.constant('final') },
    { weight: 1, arbitrary: fc.constant('shallow') },
    { weight: 1, arbitrary: fc.constant('deep') },
    ...(depth > 0 ? [{ weight: 4, arbitrary: fc.constant('compound' as const) }] : []),
    ...(depth > 0 && features.parallel ? [{ weight: 3, arbitrary: fc.constant('parallel' as const) }] : []),
  ]
  return nodeOf(features, depth, fc.oneof(...kinds))
}

function nodeOf(features: Features, depth: number, kind: fc.Arbitrary<NodeSpec['kind']>): fc.Arbitrary<NodeSpec> {
  const take = transition(features)
  const invoke: fc.Arbitrary<InvokeSpec> = fc.record(
    { src: fc.constantFrom('call' as const, 'call' as const, 'kid' as const), input: small, onDone: take, onError: take },
    { requiredKeys: ['src', 'input', 'onDone'] },
  )
  return fc.record(
    {
      kind,
      entry: actions(features),
      exit: actions(features),
      on: fc.array(fc.record({ event, take: fc.array(take, { minLength: 1, maxLength: 2, size: 'max' }) }), { maxLength: 3, size: 'max' }),
      always: features.always ? fc.array(take, { maxLength: 1, size: 'max' }) : fc.constant([]),
      after: fc.array(fc.record({ delay, take }), { maxLength: 2, size: 'max' }),
      invoke: features.outside ? fc.array(invoke, { maxLength: 1, size: 'max' }) : fc.constant([]),
      onDone: take,
      states: depth === 0 ? fc.constant([]) : fc.array(node(features, depth - 1), { minLength: 1, maxLength: 3, size: 'max' }),
    },
    { requiredKeys: ['kind', 'entry', 'exit', 'on', 'always', 'after', 'invoke', 'states'] },
  )
}

function machine(features: Features, depth: number): fc.Arbitrary<MachineSpec> {
  const kind = features.parallel ? fc.constantFrom('compound' as const, 'parallel' as const) : fc.constant('compound' as const)
  return fc.record({ root: nodeOf(features, depth, kind), rootKid: features.outside ? fc.boolean() : fc.constant(false) })
}

export function systems(features: Features = EVERYTHING): fc.Arbitrary<SystemSpec> {
  return fc.record({ machines: fc.array(machine(features, 2), { minLength: 1, maxLength: features.outside ? 2 : 1, size: 'max' }), kid: machine({ ...features, poison: false }, 1) })
}

/** Begins by making actors: without them nothing happens. */
export const commands: fc.Arbitrary<Command[]> = fc
  .tuple(
    fc.array(fc.record({ do: fc.constant('create' as const), actor: fc.nat({ max: 3 }), n: small }), { minLength: 1, maxLength: 4, size: 'max' }),
    fc.array(
      fc.oneof(
        { weight: 8, arbitrary: fc.record({ do: fc.constant('send' as const), actor: fc.nat({ max: 3 }), event, n: small }) },
        { weight: 3, arbitrary: fc.record({ do: fc.constant('advance' as const), delay }) },
        { weight: 1, arbitrary: fc.record({ do: fc.constant('create' as const), actor: fc.nat({ max: 3 }), n: small }) },
      ),
      { maxLength: 10, size: 'max' },
    ),
  )
  .map(([first, rest]) => [...first, ...rest])
