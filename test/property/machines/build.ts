/** From the description of a random system to definitions that the engine runs. Statecharts are XState's; only the parts are random. */
import { assign, cancel, createMachine, emit, enqueueActions, raise, sendParent, sendTo, spawnChild, stopChild } from 'xstate'
import type { AnyStateMachine } from 'xstate'
import { DEFAULT_TENANT, defineActor, defineEffect, durable, tell } from '../../../runtime/index.ts'
import type { ActorDefinition, EventObject } from '../../../runtime/index.ts'
import type { OutsideCall } from '../../support/faults/world.ts'
import { addressesOf, COUNTER_BOUND, DELAYS, eventType, FUEL, pick } from './spec.ts'
import type { ActionSpec, GuardSpec, InvokeSpec, MachineSpec, NodeSpec, PlainAddress, SystemSpec, TransitionSpec } from './spec.ts'

interface Context {
  counters: [number, number]
  fuel: number
  hops: number
}

interface Args {
  context: Context
  event: { type: string; hops?: number; output?: { n?: number } }
}

type Config = Record<string, unknown>

export function definitionsOf(system: SystemSpec, call: OutsideCall): ActorDefinition[] {
  const addresses = addressesOf(system)
  const kid = machineOf(system.kid, 'kid', addresses, undefined)
  const effects = {
    call: defineEffect<unknown, unknown>({ run: (input, context) => call('call', input, context) }),
    act: defineEffect<unknown, unknown>({ run: (input, context) => call('act', input, context) }),
  }
  return system.machines.map((spec, i) => defineActor({ type: `t${i}`, version: '1', machine: machineOf(spec, `t${i}`, addresses, kid), effects }))
}

/** Alone, for XState's own interpreter. Without features of the outside. */
export function plainMachine(spec: MachineSpec): AnyStateMachine {
  return machineOf(spec, 't0', [{ tenant: DEFAULT_TENANT, type: 't0', id: 'a' }], undefined)
}

function machineOf(spec: MachineSpec, id: string, addresses: readonly PlainAddress[], kid: AnyStateMachine | undefined): AnyStateMachine {
  const states = new StateBuilder(id, addresses, kid !== undefined)
  const root = states.node(spec.root, id)
  const rootInvoke = root['invoke'] as Config[]
  if (spec.rootKid && kid !== undefined) rootInvoke.push({ id: ROOT_KID, src: 'kid', input: kidInput(1), onError: {} })
  const config: Config = {
    ...root,
    id,
    context: ({ input }: { input: { n?: number; hops?: number } | undefined }): Context => ({ counters: [input?.n ?? 0, 0], fuel: FUEL, hops: input?.hops ?? 0 }),
    output: ({ context }: Args) => ({ n: context.counters[0] }),
  }
  const actors = { call: durable<{ n: number }, { n: number }>(), ...(kid === undefined ? {} : { kid }) }
  return createMachine(config as never, { actors, actions: IMPLEMENTATIONS(addresses), guards: GUARDS, delays: { longDelay: DELAYS[2] } } as never)
}

const ROOT_KID = 'rootKid'
const SPAWNED = 'spawned'
const HOPS_MAX = 4

class StateBuilder {
  readonly #root: string
  readonly #addresses: readonly PlainAddress[]
  readonly #hasKid: boolean
  #targets: string[] = []

  constructor(root: string, addresses: readonly PlainAddress[], hasKid: boolean) {
    this.#root = root
    this.#addresses = addresses
    this.#hasKid = hasKid
  }

  node(spec: NodeSpec, id: string): Config {
    if (id === this.#root) this.#targets = targetsBelow(spec, id)
    const kind = effectiveKind(spec)
    if (kind === 'shallow' || kind === 'deep') return { id, type: 'history', history: kind }
    const entry = this.#actions(spec.entry)
    if (kind === 'final') return { id, type: 'final', entry }
    const config: Config = {
      id,
      entry,
      exit: this.#actions(spec.exit),
      on: Object.fromEntries(spec.on.map(({ event, take }) => [eventType(event), take.map((one) => this.#transition(one, false))])),
      always: spec.always.map((take) => this.#transition(take, true)),
      after: Object.fromEntries(spec.after.map(({ delay, take }) => [delay === 2 ? 'longDelay' : pick(DELAYS, delay), this.#transition(take, true)])),
      invoke: spec.invoke.filter(({ src }) => src === 'call' || this.#hasKid).map((invoke) => this.#invoke(invoke)),
    }
    if (kind === 'atomic') return config
    const children = spec.states.map((child, i) => [`s${i}`, child] as const)
    config['states'] = Object.fromEntries(children.map(([key, child]) => [key, this.node(child, `${id}-${key}`)]))
    if (id !== this.#root && spec.onDone !== undefined) config['onDone'] = this.#transition(spec.onDone, true)
    if (kind === 'parallel') config['type'] = 'parallel'
    else config['initial'] = children.find(([, child]) => !isHistory(child))?.[0]
    return config
  }

  /** `auto`: taken without a client's doing, so it burns fuel. */
  #transition(spec: TransitionSpec, auto: boolean): Config {
    const target = spec.target === undefined || this.#targets.length === 0 ? {} : { target: `#${pick(this.#targets, spec.target)}`, reenter: spec.reenter ?? false }
    const actions = this.#actions(spec.actions)
    return {
      ...target,
      guard: { type: auto ? 'fuelled' : 'holds', params: spec.guard ?? {} },
      actions: auto ? [assign(({ context }: Args) => ({ fuel: context.fuel - 1 })), ...actions] : actions,
    }
  }

  #invoke({ src, input, onDone, onError }: InvokeSpec): Config {
    const done = this.#transition(onDone, true)
    const takeOutput = assign(({ context, event }: Args) => counted(context, 0, event.output?.n ?? 0))
    return {
      src,
      input: src === 'kid' ? kidInput(input) : ({ context }: Args) => ({ n: input + context.counters[1] }),
      onDone: { ...done, actions: [takeOutput, ...(done['actions'] as unknown[])] },
      ...(onError === undefined ? {} : { onError: [this.#transition(onError, true), { actions: [] }] }),
    }
  }

  #actions(specs: readonly ActionSpec[]): unknown[] {
    return specs.map((spec) => this.#action(spec)).filter((action) => action !== undefined)
  }

  /** Undefined where there is nobody to act on. */
  #action(spec: ActionSpec): unknown {
    switch (spec.do) {
      case 'count':
        return assign(({ context }: Args) => counted(context, spec.counter, spec.by))
      case 'cancel':
        return cancel(`later${spec.id}`)
      case 'emit':
        return emit(({ context }: Args) => ({ type: `fact.f${spec.fact}`, counters: context.counters }))
      case 'act':
        return { type: 'act', params: { n: spec.n } }
      case 'stop':
        return stopChild(SPAWNED)
      case 'trip':
        return assign(({ context }: Args) => {
          if (context.counters[spec.counter] === spec.at) throw new Error('tripped')
          return {}
        })
      case 'raise':
        return { type: 'raising', params: { event: eventType(spec.event) } }
      case 'raiseLater':
        return { type: 'raisingLater', params: { event: eventType(spec.event), delay: pick(DELAYS, spec.delay), id: `later${spec.id}` } }
      case 'tell':
        return { type: 'telling', params: { to: spec.to % this.#addresses.length, event: eventType(spec.event) } }
      case 'tellParent':
        return this.#root === 'kid' ? { type: 'tellingParent', params: { event: eventType(spec.event) } } : undefined
      case 'tellChild':
        return this.#hasKid ? { type: 'tellingChild', params: { event: eventType(spec.event) } } : undefined
      case 'spawn':
        return this.#hasKid ? { type: 'spawning' } : undefined
    }
  }
}

/** Messages and children say how far they are from what a client or a timer did; beyond a bound nobody passes anything on. */
function nextHop({ context, event }: Args): number {
  return Math.max(context.hops, event.hops ?? 0) + 1
}

function message(type: string, args: Args): EventObject {
  return { type, hops: nextHop(args) }
}

function kidInput(n: number): (args: Args) => { n: number; hops: number } {
  return (args) => ({ n: n + args.context.counters[1], hops: nextHop(args) })
}

function counted({ counters: [first, second] }: Context, counter: 0 | 1, by: number): Partial<Context> {
  return { counters: counter === 0 ? [(first + by) % COUNTER_BOUND, second] : [first, (second + by) % COUNTER_BOUND] }
}

type Enqueue = ((action: unknown) => void) & { assign(change: unknown): void }
type Burning = (args: Args & { enqueue: Enqueue; self: { getSnapshot(): { children: Record<string, unknown> } | undefined } }, params: { event: string; to: number; delay: number; id: string }) => void

/** What could go round for ever: a drop of fuel each time. */
function burning(work: Burning): unknown {
  return enqueueActions(((args: Parameters<Burning>[0], params: Parameters<Burning>[1]) => {
    if (args.context.fuel <= 0 || nextHop(args) > HOPS_MAX) return
    args.enqueue.assign({ fuel: args.context.fuel - 1 })
    work(args, params)
  }) as never)
}

const IMPLEMENTATIONS = (addresses: readonly PlainAddress[]): Record<string, unknown> => ({
  raising: burning(({ enqueue }, { event }) => enqueue(raise({ type: event }))),
  raisingLater: burning(({ enqueue }, { event, delay, id }) => enqueue(raise({ type: event }, { delay, id }))),
  telling: burning(({ enqueue, ...args }, { to, event }) => enqueue(tell(addresses[to] as PlainAddress, message(event, args)))),
  tellingParent: burning(({ enqueue, ...args }, { event }) => enqueue(sendParent(message(event, args)))),
  tellingChild: burning(({ enqueue, self, ...args }, { event }) => {
    for (const id of [ROOT_KID, SPAWNED]) if (self.getSnapshot()?.children[id] !== undefined) enqueue(sendTo(id, message(event, args)))
  }),
  spawning: burning(({ enqueue }) => enqueue(spawnChild('kid', { id: SPAWNED, input: kidInput(2) }))),
})

function holds({ context }: Args, guard: Partial<GuardSpec>): boolean {
  if (guard.counter === undefined || guard.than === undefined) return true
  const value = context.counters[guard.counter]
  return guard.is === 'below' ? value < guard.than : value >= guard.than
}

const GUARDS = {
  holds,
  fuelled: (args: Args, guard: Partial<GuardSpec>): boolean => args.context.fuel > 0 && holds(args, guard),
}

function isHistory({ kind }: NodeSpec): boolean {
  return kind === 'shallow' || kind === 'deep'
}

/** A node that cannot be what it says (no child to begin in) is atomic. */
function effectiveKind(spec: NodeSpec): NodeSpec['kind'] {
  const nests = spec.kind === 'compound' || spec.kind === 'parallel'
  return nests && spec.states.every(isHistory) ? 'atomic' : spec.kind
}

function targetsBelow(spec: NodeSpec, id: string): string[] {
  const kind = effectiveKind(spec)
  if (kind !== 'compound' && kind !== 'parallel') return []
  return spec.states.flatMap((child, i) => [`${id}-s${i}`, ...targetsBelow(child, `${id}-s${i}`)])
}
