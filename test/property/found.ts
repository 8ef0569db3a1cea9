/** Cases that once failed, by what was wrong; each is run again with every property of `crashes.test.ts`. */
import type { InvokeSpec, NodeSpec, SystemSpec } from './machines/spec.ts'
import type { Scenario } from './scenario.ts'

function node(kind: NodeSpec['kind'], parts: Partial<NodeSpec> = {}): NodeSpec {
  return { kind, entry: [], exit: [], on: [], always: [], after: [], invoke: [], states: [], ...parts }
}

const leaf = node('atomic')

function system(root: NodeSpec, options: { kid?: NodeSpec; rootKid?: boolean } = {}): SystemSpec {
  return { machines: [{ root, rootKid: options.rootKid ?? false }], kid: { root: options.kid ?? node('compound', { states: [leaf] }), rootKid: false } }
}

const call: InvokeSpec = { src: 'call', input: 0, onDone: { actions: [] } }
const create = { do: 'create', actor: 0, n: 0 } as const
const send = { do: 'send', actor: 0, event: 0, n: 0 } as const

export const FOUND: Record<string, Scenario> = {
  'a call was begun after the crash': {
    system: system(node('compound', { states: [leaf] }), { kid: node('compound', { states: [node('atomic', { entry: [{ do: 'emit', fact: 0 }], invoke: [call] })] }), rootKid: true }),
    commands: [create],
    faults: [{ site: 'bus', at: 1, fault: 'crash-before' }],
  },
  'a start went on after the crash': {
    system: system(node('compound', { states: [leaf] })),
    commands: [create],
    faults: [{ site: 'store', at: 0, fault: 'crash-after' }],
  },
  'a later message overtook one that the bus had refused': {
    system: system(node('compound', { invoke: [{ ...call, onDone: { target: 0, actions: [] } }], states: [node('atomic', { entry: [{ do: 'tell', to: 0, event: 0 }] })] })),
    commands: [create],
    faults: [{ site: 'bus', at: 0, fault: 'refuse' }],
  },
  'a finished actor cancelled its timers in another order after a reload': {
    system: system(node('compound', { states: [node('atomic', { on: [{ event: 0, take: [{ target: 1, actions: [] }] }] }), node('final')], after: [{ delay: 4, take: { actions: [] } }, { delay: 0, take: { actions: [] } }] })),
    commands: [create, send],
    faults: [{ site: 'store', at: 20, fault: 'crash-after' }],
  },
  'two timers of one moment fired in another order after a crash': {
    system: system(node('compound', { states: [node('atomic', { entry: [{ do: 'raiseLater', event: 0, delay: 2, id: 0 }], after: [{ delay: 2, take: { actions: [] } }] })] })),
    commands: [create, { do: 'advance', delay: 2 }],
    faults: [{ site: 'store', at: 25, fault: 'crash-after' }],
  },
  'a sender was shown the error of the store': {
    system: system(node('compound', { states: [leaf] })),
    commands: [create, create, send, send],
    faults: [{ site: 'store', at: 117, fault: 'unavailable-after' }],
  },
  'timers of a commit whose answer was lost did not fire': {
    system: system(node('compound', { states: [leaf] }), {
      kid: node('parallel', { entry: [{ do: 'tell', to: 0, event: 0 }], after: [{ delay: 0, take: { target: 0, actions: [] } }], states: [node('atomic', { after: [{ delay: 0, take: { actions: [] } }], invoke: [call] })] }),
      rootKid: true,
    }),
    commands: [create, send, { do: 'advance', delay: 1 }],
    faults: [{ site: 'store', at: 22, fault: 'unavailable-after' }],
  },
  'finished calls were forgotten after the crash': {
    system: system(node('compound', { entry: [{ do: 'act', n: 0 }], invoke: [call], states: [leaf] })),
    commands: [create, send, send],
    faults: [{ site: 'store', at: 149, fault: 'crash-after' }],
  },
  'a call was made that a commit without an answer had cancelled': {
    system: system(
      node('compound', {
        states: [node('parallel', { states: [node('atomic', { invoke: [{ ...call, onDone: { target: 3, actions: [] } }] }), node('atomic', { invoke: [call] })] }), leaf],
      }),
    ),
    commands: [create],
    faults: [{ site: 'store', at: 10, fault: 'unavailable-after' }],
  },
  'an event that had been taken came again and held its actor': {
    system: system(
      node('compound', {
        states: [node('atomic', { on: [{ event: 0, take: [{ actions: [{ do: 'trip', counter: 0, at: 1 }, { do: 'count', counter: 0, by: 1 }] }] }, { event: 1, take: [{ actions: [{ do: 'tell', to: 0, event: 0 }] }] }] })],
      }),
    ),
    commands: [create, { ...create, actor: 1 }, { ...send, actor: 1, event: 1 }],
    faults: [{ site: 'bus', at: 0, fault: 'ack-lost' }],
  },
  'a parallel state entered by its history was active only after a reload': {
    system: system(node('compound', { states: [node('parallel', { states: [node('atomic', { always: [{ target: 2, actions: [] }], invoke: [call] }), node('deep')] }), node('final')] })),
    commands: [create],
    faults: [{ site: 'effect', at: 0, fault: 'crash-before' }],
  },
}

/** One of everything, for crashes at each and every boundary. */
export const RICH: Scenario = {
  system: {
    machines: [
      {
        rootKid: true,
        root: node('parallel', {
          states: [
            node('compound', {
              states: [
                node('atomic', { on: [{ event: 0, take: [{ target: 2, actions: [{ do: 'count', counter: 0, by: 1 }, { do: 'emit', fact: 0 }] }] }] }),
                node('atomic', {
                  entry: [{ do: 'tell', to: 1, event: 1 }, { do: 'act', n: 1 }],
                  invoke: [{ src: 'call', input: 1, onDone: { target: 1, actions: [{ do: 'emit', fact: 1 }] }, onError: { target: 1, actions: [] } }],
                  after: [{ delay: 1, take: { target: 1, actions: [{ do: 'tell', to: 1, event: 2 }] } }],
                }),
              ],
            }),
            node('atomic', { after: [{ delay: 0, take: { actions: [{ do: 'count', counter: 1, by: 1 }, { do: 'tell', to: 1, event: 1 }] } }], on: [{ event: 1, take: [{ actions: [{ do: 'count', counter: 1, by: 2 }, { do: 'tellChild', event: 0 }] }] }] }),
          ],
        }),
      },
    ],
    kid: { rootKid: false, root: node('compound', { states: [node('atomic', { on: [{ event: 0, take: [{ target: 1, actions: [{ do: 'tellParent', event: 2 }] }] }], invoke: [call] }), node('final')] }) },
  },
  commands: [create, { ...create, actor: 1 }, send, { do: 'advance', delay: 1 }],
  faults: [],
}
