/**
 * Which eventless transitions (`always`) a walk takes. XState tells which transitions an event takes, not which follow in the same step: so each
 * of them gets an action more, which notes it. An `assign` of nothing, for only those are carried out while a step is worked out.
 */
import { assign, createMachine, type AnyStateMachine } from 'xstate'

interface Config {
  always?: unknown
  states?: Record<string, Config>
}

type Always = Record<string, unknown> & { guard?: unknown; target?: unknown; actions?: unknown }

export interface Watched<Machine extends AnyStateMachine> {
  /** The same machine, watched. */
  machine: Machine
  /** Those that nobody has taken yet, such as `service.active always isOver to suspended`. */
  untaken: () => string[]
}

export function watchEventless<Machine extends AnyStateMachine>(machine: Machine): Watched<Machine> {
  const all = new Set<string>()
  const taken = new Set<string>()
  const watched = (config: Config, path: readonly string[]): Config => ({
    ...config,
    ...(config.always === undefined ? {} : { always: listOf<Always | string>(config.always).map((one, index) => noting(typeof one === 'string' ? { target: one } : one, path, index)) }),
    ...(config.states === undefined ? {} : { states: Object.fromEntries(Object.entries(config.states).map(([name, inner]) => [name, watched(inner, [...path, name])])) }),
  })
  const noting = (one: Always, path: readonly string[], index: number): Always => {
    const name = `${path.join('.') || '(root)'} always ${index}: ${guardOf(one.guard)} to ${JSON.stringify(one.target ?? 'itself')}`
    all.add(name)
    const note = assign(() => {
      taken.add(name)
      return {}
    })
    return { ...one, actions: [note, ...listOf(one.actions ?? [])] }
  }
  const { config, implementations } = machine as unknown as { config: Config; implementations: object }
  const copy = createMachine(watched(config, []) as never, implementations as never) as unknown as Machine
  return { machine: copy, untaken: () => [...all].filter((name) => !taken.has(name)) }
}

/** `and` and `not` are functions with the guards that they combine. */
function guardOf(guard: unknown): string {
  const { guards } = Object(guard) as { guards?: unknown[] }
  return guards === undefined ? JSON.stringify(guard ?? 'whatever holds') : `(${guards.map(guardOf).join()})`
}

function listOf<Item>(value: unknown): Item[] {
  return (Array.isArray(value) ? value : [value]) as Item[]
}
