/** A runtime that does only what a test says, for the edge alone. A call that no test prepared fails loudly. */
import { createMachine } from 'xstate'
import { StandingError, type ActorDefinition, type ActorView, type Runtime } from '../../runtime/index.ts'

const lamp: ActorDefinition = {
  type: 'lamp',
  version: '1',
  idPrefix: 'lmp',
  machine: createMachine({
    id: 'lamp',
    initial: 'off',
    states: {
      off: { description: 'No light.', on: { toggle: { target: 'on', guard: 'hasPower' } } },
      on: { tags: 'bright', entry: 'buzz', on: { toggle: 'off' }, after: { burnTime: 'broken' } },
      broken: { type: 'final' },
    },
  }),
  personal: ['owner.phone', 'email'],
  words: {
    states: { off: { staff: 'It is dark.', customer: 'Dark.' }, on: { staff: 'It shines.', customer: 'Bright.' }, broken: { staff: 'Broken.', customer: 'Broken.' } },
    events: {},
    guards: {},
    delays: {},
    effects: {},
  },
}

export function lampView(change: Partial<ActorView> = {}): ActorView {
  return {
    type: 'lamp',
    id: 'a',
    tenant: 'main',
    version: '1',
    seq: 3,
    status: 'active',
    value: 'off',
    states: ['off'],
    tags: [],
    context: { owner: { phone: '254708374149', city: 'Nairobi' }, email: 'jane@example.com', watts: 5 },
    timers: [],
    effects: [],
    accepts: ['toggle'],
    createdAt: '2026-01-01T00:00:00.000Z',
    updatedAt: '2026-01-01T00:00:01.000Z',
    ...change,
  }
}

export function fakeRuntime(overrides: Partial<Runtime> = {}): Runtime {
  const definitions = overrides.definitions?.() ?? [lamp]
  const defaults: Partial<Runtime> = {
    definitions: () => definitions,
    definition: (type) => definitions.find((one) => one.type === type),
    get: async ({ type, id }) => (type === 'lamp' && id === 'a' ? lampView() : undefined),
    saidBefore: async (events) => events.map(() => undefined),
    search: async () => [],
    sendMany: async (items) => items.map(() => ({ ok: false, error: new StandingError('actor-not-found') })),
    stats: () => ({ waiting: 1, hotActors: 2, commitsInFlight: 0, outbox: 0, effects: { default: { queued: 3, running: 1 } }, timersNear: 4, slices: 64 }),
  }
  const prepared = { ...defaults, ...overrides }
  return new Proxy(prepared, {
    get(target, name) {
      const member = (target as Record<string | symbol, unknown>)[name]
      if (member !== undefined || typeof name === 'symbol' || name === 'then') return member
      return () => {
        throw new Error(`no test prepared runtime.${name}()`)
      }
    },
  }) as Runtime
}
