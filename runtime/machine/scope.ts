/**
 * The inert scope a step is computed in. XState's own pure functions build a throw-away actor at each
 * call (pitfall 4) and cannot name a parent (pitfall 15); one reusable scope does both, and collects
 * what the machine asked for instead of doing it.
 */
import type { AnyMachineSnapshot } from 'xstate'
import type { Address } from '../model/address.ts'
import { addressRef } from './address-ref.ts'
import type { InertRef } from './address-ref.ts'

/** One action as XState hands it over: resolved, not executed. */
export interface CollectedAction {
  type: string
  params: unknown
  info: { context: unknown; event: { type: string; [key: string]: unknown } }
  exec: unknown
}

interface Microstep {
  type: string
  _transitions?: readonly { target?: unknown; actions: readonly unknown[] }[]
}

/** The actor a step belongs to, as the machine sees it (`self`). */
export type SelfRef = InertRef & { current: AnyMachineSnapshot | undefined }

const noop = (): undefined => undefined
const subscription = { unsubscribe: noop }

/** Everything XState's system offers, with nothing behind it. */
function inertSystem(onMicrostep: (event: Microstep) => void, childOf: () => AnyMachineSnapshot | undefined) {
  const byName = (systemId: string): unknown =>
    Object.values((childOf()?.children ?? {}) as Record<string, unknown>).find((child) => (child as { systemId?: string }).systemId === systemId)
  return {
    _bookId: () => 'inert',
    _register: (sessionId: string) => sessionId,
    _unregister: noop,
    _set: noop,
    get: byName,
    getAll: () => ({}),
    inspect: () => subscription,
    _sendInspectionEvent: onMicrostep,
    _relay: noop,
    scheduler: { schedule: noop, cancel: noop, cancelAll: noop },
    getSnapshot: () => ({ _scheduledEvents: {} }),
    start: noop,
    _clock: { setTimeout: noop, clearTimeout: noop },
    _logger: noop,
  }
}

export class StepScope {
  self: SelfRef | undefined
  id = ''
  sessionId = ''
  readonly system = inertSystem(
    (event) => this.#noteMicrostep(event),
    () => this.self?.current,
  )
  readonly logger = noop
  readonly emit = noop
  readonly stopChild = noop
  // Deferred work belongs to live actors; here everything is data already.
  readonly defer = noop
  actionExecutor = (action: CollectedAction): void => {
    this.#actions.push(action)
  }

  #actions: CollectedAction[] = []
  #microsteps = 0
  #accepted = false

  /** Computes with this actor as `self` and gives what was collected on the way. */
  run<T>(self: SelfRef, compute: (scope: never) => T): { result: T; actions: CollectedAction[]; accepted: boolean } {
    this.self = self
    this.id = self.id
    this.sessionId = self.sessionId
    this.#actions = []
    this.#microsteps = 0
    this.#accepted = false
    const result = compute(this as never)
    return { result, actions: this.#actions, accepted: this.#accepted }
  }

  /** The first microstep takes the transitions of the event itself; a forbidden one has neither target nor actions. */
  #noteMicrostep(event: Microstep): void {
    if (event.type !== '@xstate.microstep') return
    if (this.#microsteps++ === 0) {
      this.#accepted = event._transitions?.some((t) => t.target !== undefined || t.actions.length > 0) ?? false
    }
  }
}

export function selfRef(scope: StepScope, address: Address, parent: Address | undefined): SelfRef {
  const ref = addressRef(address) as SelfRef
  return Object.assign(ref, {
    current: undefined,
    system: scope.system,
    _parent: parent === undefined ? undefined : addressRef(parent),
    getSnapshot: () => ref.current,
  }) as SelfRef
}
