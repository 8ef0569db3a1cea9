/**
 * Makes a machine's config durable without changing what it means.
 *
 * A durable engine must find a piece of behaviour again after a restart, so everything needs a name.
 * Inline functions and inline child logic get one from where they stand (`inline:<node>:entry:0`),
 * which is stable for one machine version. The statechart itself is untouched.
 */
import { StandingError } from '../errors.ts'

type Config = Record<string, unknown>
export type ActionFunction = ((args: unknown, params: unknown) => unknown) & { type?: string; resolve?: unknown; delay?: unknown }

export interface Rewritten {
  config: Config
  /** Custom action functions that stood inline, by their new names. */
  actions: Record<string, ActionFunction>
  /** Child logic that stood inline in an `invoke`, by its new name. */
  actors: Record<string, object>
}

/** Copies the config; the original machine stays as its author made it. */
export function rewriteConfig(config: Config): Rewritten {
  const found: Pick<Rewritten, 'actions' | 'actors'> = { actions: {}, actors: {} }

  const nameAction = (action: unknown, where: string): unknown => {
    if (typeof action !== 'function') return action
    const fn = action as ActionFunction
    if ('resolve' in fn) return withCheckedDelay(fn, where)
    // A custom function: give it a name by which an effect row can find it again.
    const name = `inline:${where}`
    found.actions[name] = fn
    return { type: name }
  }

  const actionList = (actions: unknown, where: string): unknown[] =>
    toList(actions).map((action, i) => nameAction(action, `${where}:${i}`))

  const transition = (value: unknown, where: string): unknown => {
    if (Array.isArray(value)) return value.map((one, i) => transition(one, `${where}.${i}`))
    if (typeof value !== 'object' || value === null) return value
    const config = value as Config
    return 'actions' in config ? { ...config, actions: actionList(config['actions'], where) } : config
  }

  const transitionMap = (map: unknown, where: string): unknown =>
    mapRecord(map, (value, key) => transition(value, `${where}:${key}`))

  const invocation = (value: unknown, where: string, index: number): unknown => {
    const config = { ...(value as Config) }
    const src = config['src']
    if (typeof src === 'object' && src !== null) {
      const name = `inline:${where}:${index}`
      found.actors[name] = src
      config['src'] = name
    }
    for (const key of ['onDone', 'onError', 'onSnapshot']) {
      if (key in config) config[key] = transition(config[key], `${where}:${index}:${key}`)
    }
    return config
  }

  const node = (config: Config, path: string): Config => {
    const copy: Config = { ...config }
    for (const key of ['entry', 'exit']) {
      if (key in copy) copy[key] = actionList(copy[key], `${path}:${key}`)
    }
    for (const key of ['on', 'after']) {
      if (key in copy) copy[key] = transitionMap(copy[key], `${path}:${key}`)
    }
    for (const key of ['always', 'onDone', 'initial', 'route']) {
      if (key in copy) copy[key] = transition(copy[key], `${path}:${key}`)
    }
    if ('invoke' in copy) copy['invoke'] = toList(copy['invoke']).map((one, i) => invocation(one, `${path}:invoke`, i))
    if ('states' in copy) copy['states'] = mapRecord(copy['states'], (child, key) => node(child as Config, path === '' ? key : `${path}.${key}`))
    return copy
  }

  return { config: node(config, ''), ...found }
}

/** R6: a delay expression that gives no number would raise its event at once; that is an error instead. */
export function withCheckedDelay(action: ActionFunction, where: string): ActionFunction {
  if (typeof action.delay !== 'function') return action
  const copy = Object.assign((args: unknown, params: unknown) => action(args, params), action)
  copy.delay = checkedDelay(action.delay as DelayExpression, `the delay at ${where}`)
  return copy
}

export type DelayExpression = (args: unknown, params: unknown) => unknown

export function checkedDelay(delay: DelayExpression, name: string): DelayExpression {
  return (args, params) => {
    const value = delay(args, params)
    if (typeof value !== 'number' || !Number.isFinite(value)) {
      throw new StandingError('step-failed', `${name} gave ${String(value)} instead of milliseconds (R6)`)
    }
    return value
  }
}

function toList(value: unknown): unknown[] {
  if (value === undefined || value === null) return []
  return Array.isArray(value) ? value : [value]
}

function mapRecord(value: unknown, change: (value: unknown, key: string) => unknown): unknown {
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, change(one, key)]))
}
