/** A random system of actors as plain data: what fast-check shrinks and a failure prints. */
import { DEFAULT_TENANT } from '../../../runtime/index.ts'

/** Indexes are taken modulo what there is, so that every number means something and shrinks towards 0. */
export type ActionSpec =
  | { do: 'count'; counter: 0 | 1; by: number }
  | { do: 'raise'; event: number }
  | { do: 'raiseLater'; event: number; delay: number; id: number }
  | { do: 'cancel'; id: number }
  | { do: 'emit'; fact: number }
  /** A custom action: an effect without a result. */
  | { do: 'act'; n: number }
  | { do: 'tell'; to: number; event: number }
  | { do: 'tellParent'; event: number }
  | { do: 'tellChild'; event: number }
  | { do: 'spawn' }
  | { do: 'stop' }
  /** Throws while a counter has this value: poison. */
  | { do: 'trip'; counter: 0 | 1; at: number }

export interface GuardSpec {
  counter: 0 | 1
  is: 'below' | 'atLeast'
  than: number
}

export interface TransitionSpec {
  guard?: GuardSpec
  target?: number
  reenter?: boolean
  actions: ActionSpec[]
}

export interface InvokeSpec {
  src: 'call' | 'kid'
  input: number
  onDone: TransitionSpec
  /** Without it a failing call takes the whole actor to status `error`. */
  onError?: TransitionSpec
}

export interface NodeSpec {
  kind: 'atomic' | 'compound' | 'parallel' | 'final' | 'shallow' | 'deep'
  entry: ActionSpec[]
  exit: ActionSpec[]
  on: { event: number; take: TransitionSpec[] }[]
  always: TransitionSpec[]
  after: { delay: number; take: TransitionSpec }[]
  invoke: InvokeSpec[]
  onDone?: TransitionSpec
  states: NodeSpec[]
}

export interface MachineSpec {
  root: NodeSpec
  /** A child machine that runs beside the root for as long as the actor lives. */
  rootKid: boolean
}

export interface SystemSpec {
  machines: MachineSpec[]
  /** What `kid` means: the machine of all children. It has none itself. */
  kid: MachineSpec
}

/** What a client does. `actor` counts through {@link addressesOf}. */
export type Command = { do: 'create'; actor: number; n: number } | { do: 'send'; actor: number; event: number; n: number } | { do: 'advance'; delay: number }

export const EVENTS = 4
export const DELAYS = [40, 130, 1_000, 3_700, 61_000, 2_592_000_000]
export const COUNTER_BOUND = 7
/** Everything that could go on by itself for ever burns this, so that every run ends. */
export const FUEL = 6

export interface PlainAddress {
  tenant: string
  type: string
  id: string
}

/** Two actors of each machine. */
export function addressesOf(system: SystemSpec): PlainAddress[] {
  return system.machines.flatMap((_machine, i) => ['a', 'b'].map((id) => ({ tenant: DEFAULT_TENANT, type: `t${i}`, id })))
}

export function pick<T>(list: readonly T[], index: number): T {
  const found = list[index % list.length]
  if (found === undefined) throw new Error('nothing to pick from')
  return found
}

export function eventType(event: number): string {
  return `e${event % EVENTS}`
}
