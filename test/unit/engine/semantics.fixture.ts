/** Machines that between them use everything a statechart can do, each with events to play and where they must lead. */
import { and, assign, cancel, createMachine, emit, enqueueActions, forwardTo, fromPromise, log, not, or, raise, sendParent, sendTo, setup, spawnChild, stateIn, stopChild, type AnyActorRef, type AnyStateMachine } from 'xstate'
import type { Play } from './oracle.ts'
import { typed } from './rig.ts'

export interface Case {
  name: string
  machine: AnyStateMachine
  plays: Play[]
  input?: unknown
  /** The state value at the end, so that a case cannot pass by doing nothing. */
  ends: unknown
}

interface Typed<C> {
  context: C
  events: { type: string; n?: number; to?: string }
}

const plusOne = ({ context }: { context: { n: number } }): number => context.n + 1
const counter = setup({ types: typed<Typed<{ n: number }>>(), actions: { count: assign({ n: plusOne }) } })

/** Writes down what happens, in order. */
const logger = setup({ types: typed<Typed<{ log: string[] }>>(), actions: { note: assign({ log: ({ context }, what: string) => [...context.log, what] }) } })
const note = (what: string) => ({ type: 'note' as const, params: what })

const echo = createMachine({
  id: 'echo',
  types: typed<Typed<{ n: number }> & { input: { start?: number } | undefined }>(),
  context: ({ input }) => ({ n: input?.start ?? 0 }),
  on: {
    ping: { actions: [assign({ n: ({ context, event }) => context.n + (event.n ?? 1) }), sendParent(({ context }) => ({ type: 'pong', n: context.n }))] },
    finish: '.end',
  },
  initial: 'on',
  states: { on: {}, end: { type: 'final' } },
  output: ({ context }) => ({ total: context.n }),
})

export const CASES: Case[] = [
  {
    name: 'nested states, entry and exit in order',
    machine: logger.createMachine({
      id: 'm',
      context: { log: [] },
      initial: 'a',
      entry: note('root'),
      states: {
        a: { entry: note('+a'), exit: note('-a'), initial: 'a1', states: { a1: { entry: note('+a1'), exit: note('-a1'), on: { deep: '#m.b.b2.c' } } } },
        b: { entry: note('+b'), exit: note('-b'), initial: 'b1', states: { b1: {}, b2: { entry: note('+b2'), initial: 'd', states: { d: {}, c: { entry: note('+c'), on: { back: '#m.a' } } } } } },
      },
    }),
    plays: ['deep', 'nothing', 'back'],
    ends: { a: 'a1' },
  },
  {
    name: 'parallel regions, one event taken by several',
    machine: counter.createMachine({
      type: 'parallel',
      context: { n: 0 },
      states: {
        left: { initial: 'off', states: { off: { on: { go: { target: 'on', actions: 'count' } } }, on: { on: { back: 'off' } } } },
        right: { initial: 'off', states: { off: { on: { go: { target: 'on', actions: 'count' } } }, on: {} } },
      },
    }),
    plays: ['go', 'back', 'go'],
    ends: { left: 'on', right: 'on' },
  },
  {
    name: 'shallow history',
    machine: createMachine({
      id: 'm',
      initial: 'on',
      states: {
        on: { initial: 'slow', states: { slow: { on: { faster: 'fast' } }, fast: { initial: 'f1', states: { f1: { on: { up: 'f2' } }, f2: {} } }, hist: { type: 'history' } }, on: { stop: 'off' } },
        off: { on: { resume: 'on.hist' } },
      },
    }),
    plays: ['faster', 'up', 'stop', 'resume'],
    ends: { on: { fast: 'f1' } },
  },
  {
    name: 'deep history, of parallel regions too, and its default',
    machine: createMachine({
      id: 'm',
      initial: 'off',
      states: {
        on: {
          type: 'parallel',
          states: {
            x: { initial: 'x1', states: { x1: { on: { x: 'x2' } }, x2: { initial: 'p', states: { p: { on: { q: 'q' } }, q: {} } } } },
            y: { initial: 'y1', states: { y1: { on: { y: 'y2' } }, y2: {} } },
            hist: { type: 'history', history: 'deep', target: '#m.on.y.y2' },
          },
          on: { stop: 'off' },
        },
        off: { on: { resume: 'on.hist' } },
      },
    }),
    plays: ['resume', 'x', 'q', 'stop', 'resume'],
    ends: { on: { x: { x2: 'q' }, y: 'y2' } },
  },
  {
    name: 'final states: onDone of a compound with output, and of the root',
    machine: createMachine({
      types: typed<Typed<{ got: unknown }>>(),
      context: { got: null },
      initial: 'work',
      states: {
        work: { initial: 'w', onDone: { target: 'last', actions: assign({ got: ({ event }) => (event as unknown as { output: unknown }).output }) }, states: { w: { on: { done: 'f' } }, f: { type: 'final', output: { sum: 3 } } } },
        last: { on: { end: 'over' } },
        over: { type: 'final', output: 'bye' },
      },
      output: ({ event }) => ({ said: event.output as string }),
    }),
    plays: ['done', 'end', 'more'],
    ends: 'over',
  },
  {
    name: 'onDone of a parallel state when all regions are final',
    machine: createMachine({
      initial: 'both',
      states: { both: { type: 'parallel', onDone: 'after', states: { a: { initial: 'x', states: { x: { on: { a: 'y' } }, y: { type: 'final' } } }, b: { initial: 'x', states: { x: { on: { b: 'y' } }, y: { type: 'final' } } } } }, after: {} },
    }),
    plays: ['b', 'a'],
    ends: 'after',
  },
  {
    name: 'always, in chains and guarded',
    machine: counter.createMachine({
      context: { n: 0 },
      initial: 'a',
      states: {
        a: { on: { go: { target: 'b', actions: 'count' } } },
        b: { always: [{ guard: ({ context }) => context.n > 1, target: 'd' }, { target: 'c', actions: 'count' }] },
        c: { always: { guard: ({ context }) => context.n > 5, target: 'd' }, on: { back: 'a' } },
        d: {},
      },
    }),
    plays: ['go', 'back', 'go'],
    ends: 'd',
  },
  {
    name: 'guards: and, or, not, stateIn, params',
    machine: setup({
      types: typed<Typed<{ n: number }>>(),
      guards: { isMore: ({ context }, { than }: { than: number }) => context.n > than, isOpen: ({ event }) => event.to !== 'shut' },
      actions: { count: assign({ n: plusOne }) },
    }).createMachine({
      id: 'm',
      type: 'parallel',
      context: { n: 0 },
      states: {
        door: { initial: 'shut', states: { shut: { on: { open: 'open' } }, open: {} } },
        room: {
          initial: 'out',
          on: { count: { actions: 'count' } },
          states: {
            out: { on: { enter: [{ guard: and([stateIn('#m.door.open'), 'isOpen', not({ type: 'isMore', params: { than: 2 } })]), target: 'in' }, { guard: or([{ type: 'isMore', params: { than: 2 } }, stateIn({ room: 'nowhere' })]), target: 'roof' }] } },
            in: { on: { leave: 'out' } },
            roof: {},
          },
        },
      },
    }),
    plays: ['enter', 'open', { type: 'enter', to: 'shut' }, 'enter', 'leave', 'count', 'count', 'count', 'enter'],
    ends: { door: 'open', room: 'roof' },
  },
  {
    name: 'raise, and delayed raise with cancel',
    machine: counter.createMachine({
      context: { n: 0 },
      initial: 'a',
      states: {
        a: { on: { go: { actions: [raise({ type: 'inner' }), raise({ type: 'late' }, { delay: 50, id: 'l' }), raise({ type: 'later' }, { delay: 80, id: 'll' })] }, inner: { target: 'b', actions: 'count' } } },
        b: { on: { late: { actions: ['count', cancel('ll')] }, later: 'wrong' } },
        wrong: {},
      },
    }),
    plays: ['go', 50, 50],
    ends: 'b',
  },
  {
    name: 'raise with the same id again replaces the timer',
    machine: counter.createMachine({ context: { n: 0 }, on: { go: { actions: [cancel('x'), raise({ type: 'late' }, { delay: 50, id: 'x' })] }, late: { actions: 'count' } } }),
    plays: ['go', 30, 'go', 30, 30],
    ends: {},
  },
  {
    name: 'after: numbers, named, computed from context and event, guarded',
    machine: setup({ types: typed<Typed<{ n: number }>>(), actions: { count: assign({ n: plusOne }) }, delays: { short: 20, wait: ({ context }) => context.n * 100 } }).createMachine({
      context: { n: 1 },
      initial: 'a',
      states: {
        a: { after: { 10: 'b' } },
        b: { after: { short: { target: 'c', actions: 'count' } } },
        c: { after: { wait: [{ guard: ({ context }) => context.n > 9, target: 'wrong' }, { target: 'd' }] } },
        d: { after: { 10: { actions: 'count' }, 30: 'e' } },
        e: {},
        wrong: {},
      },
    }),
    plays: [10, 20, 195, 5, 10, 20],
    ends: 'e',
  },
  {
    name: 'after is disarmed on leaving, and armed anew on re-entering',
    machine: createMachine({ initial: 'a', states: { a: { after: { 50: 'late' }, on: { go: 'b', again: { target: 'a', reenter: true } } }, b: { on: { back: 'a' } }, late: {} } }),
    plays: [40, 'go', 40, 'back', 40, 'again', 40, 10],
    ends: 'late',
  },
  {
    name: 'internal transitions keep the state, reenter leaves and enters it',
    machine: logger.createMachine({
      context: { log: [] },
      initial: 'a',
      states: { a: { entry: note('+a'), exit: note('-a'), initial: 'x', states: { x: { on: { y: 'y' } }, y: {} }, on: { inner: '.x', outer: { target: '.x', reenter: true }, self: { actions: note('self') } } } },
    }),
    plays: ['y', 'inner', 'y', 'outer', 'self'],
    ends: { a: 'x' },
  },
  {
    name: 'wildcards: exact before partial before any, forbidden transitions',
    machine: logger.createMachine({
      context: { log: [] },
      on: { '*': { actions: note('any') } },
      initial: 'a',
      states: { a: { on: { 'mouse.*': { actions: note('mouse') }, 'mouse.up': { actions: note('up') }, ignored: undefined, go: { target: 'b', guard: () => false } } }, b: {} },
    }),
    plays: ['mouse.up', 'mouse.down.left', 'key', 'ignored', 'go', 'mouse'],
    ends: 'a',
  },
  {
    name: 'enqueueActions with conditions, assigns in between, and raise',
    machine: counter.createMachine({
      context: { n: 0 },
      initial: 'a',
      entry: enqueueActions(({ enqueue, check }) => {
        enqueue.assign({ n: 5 })
        if (check(({ context }) => context.n === 0)) enqueue('count')
      }),
      states: { a: { on: { go: { actions: enqueueActions(({ enqueue, context }) => { enqueue.assign({ n: context.n * 2 }); enqueue({ type: 'count' }); enqueue.raise({ type: 'next' }); enqueue.raise({ type: 'late' }, { delay: 20, id: 'q' }); enqueue.cancel('nothing') }) }, next: 'b' } }, b: { on: { late: 'c' } }, c: {} },
    }),
    plays: ['go', 20],
    ends: 'c',
  },
  {
    name: 'input, tags, output from context',
    machine: createMachine({
      types: typed<Typed<{ plan: string; n: number }> & { input: { plan: string } }>(),
      context: ({ input }) => ({ plan: input.plan, n: 1 }),
      initial: 'a',
      states: { a: { tags: ['open', 'new'], on: { go: 'b' } }, b: { tags: 'open', initial: 'c', states: { c: { tags: ['deep', 'open'], on: { end: 'd' } }, d: { type: 'final' } }, onDone: 'z' }, z: { type: 'final' } },
      output: ({ context }) => context,
    }),
    input: { plan: 'home' },
    plays: ['go', 'end'],
    ends: 'z',
  },
  {
    name: 'a promise, its input, output and error',
    machine: setup({
      types: typed<Typed<{ got: unknown[] }>>(),
      actors: { double: fromPromise(async ({ input }: { input: number }) => { if (input > 5) throw new Error('too much'); return input * 2 }) },
    }).createMachine({
      context: { got: [] },
      initial: 'idle',
      states: {
        idle: { on: { go: 'busy' } },
        busy: {
          invoke: {
            src: 'double',
            input: ({ event }) => event.n ?? 0,
            onDone: { target: 'idle', actions: assign({ got: ({ context, event }) => [...context.got, event.output] }) },
            onError: { target: 'idle', actions: assign({ got: ({ context, event }) => [...context.got, (event.error as Error).message] }) },
          },
        },
      },
    }),
    plays: [{ type: 'go', n: 4 }, { type: 'go', n: 9 }],
    ends: 'idle',
  },
  {
    name: 'spawnChild of promise logic reports to the machine',
    machine: setup({ types: typed<Typed<{ got: unknown }>>(), actors: { one: fromPromise(async () => 1) } }).createMachine({
      context: { got: null },
      on: { go: { actions: spawnChild('one', { id: 'p' }) }, 'xstate.done.actor.p': { actions: assign({ got: ({ event }) => (event as unknown as { output: unknown }).output }) } },
    }),
    plays: ['go'],
    ends: {},
  },
  {
    name: 'an unhandled rejection ends the machine in error',
    machine: setup({ actors: { no: fromPromise(async () => { throw new Error('no') }) } }).createMachine({ initial: 'a', states: { a: { on: { go: 'b' } }, b: { invoke: { src: 'no' }, after: { 10: 'a' } } } }),
    plays: ['go', 10, 'go'],
    ends: 'b',
  },
  {
    name: 'a child machine: sendTo, sendParent, forwardTo, done with output',
    machine: setup({ types: typed<Typed<{ heard: number[]; out: unknown }>>(), actors: { echo } }).createMachine({
      context: { heard: [], out: null },
      initial: 'on',
      states: {
        on: {
          invoke: { src: 'echo', id: 'e', input: { start: 10 }, onDone: { target: 'off', actions: assign({ out: ({ event }) => event.output }) } },
          on: { call: { actions: sendTo('e', ({ event }) => ({ type: 'ping', n: event.n })) }, ping: { actions: forwardTo('e') }, end: { actions: sendTo('e', { type: 'finish' }) } },
        },
        off: {},
      },
      on: { pong: { actions: assign({ heard: ({ context, event }) => [...context.heard, event.n ?? -1] }) } },
    }),
    plays: [{ type: 'call', n: 2 }, { type: 'ping', n: 5 }, 'end', { type: 'call', n: 1 }],
    ends: 'off',
  },
  {
    name: 'a child is stopped with the state that invokes it',
    machine: setup({ types: typed<Typed<{ n: number }>>(), actors: { tick: createMachine({ initial: 'a', states: { a: { after: { 20: { target: 'a', reenter: true, actions: sendParent({ type: 'tick' }) } } } } }) }, actions: { count: assign({ n: plusOne }) } }).createMachine({
      context: { n: 0 },
      initial: 'off',
      states: { off: { on: { go: 'on' } }, on: { invoke: { src: 'tick', id: 't' }, on: { stop: 'off' } } },
      on: { tick: { actions: 'count' } },
    }),
    plays: ['go', 50, 'stop', 100, 'go', 20],
    ends: 'on',
  },
  {
    name: 'grandchildren: an error climbs from child to parent',
    machine: setup({
      types: typed<Typed<{ why: unknown }>>(),
      actors: { mid: setup({ actors: { low: setup({ actors: { no: fromPromise(async () => { throw new Error('deep') }) } }).createMachine({ initial: 'a', states: { a: { on: { go: 'b' } }, b: { invoke: { src: 'no' } } } }) } }).createMachine({ invoke: { src: 'low', id: 'low' }, on: { go: { actions: sendTo('low', { type: 'go' }) } } }) },
    }).createMachine({
      context: { why: null },
      initial: 'on',
      states: { on: { invoke: { src: 'mid', id: 'mid', onError: { target: 'off', actions: assign({ why: ({ event }) => (event.error as Error).message }) } }, on: { go: { actions: sendTo('mid', { type: 'go' }) } } }, off: {} },
    }),
    plays: ['go'],
    ends: 'off',
  },
  {
    name: 'spawned actors are stopped by name, and by systemId they are found',
    machine: setup({ types: typed<Typed<{ heard: number[] }>>(), actors: { echo } }).createMachine({
      context: { heard: [] },
      on: {
        begin: { actions: spawnChild('echo', { id: 'e', systemId: 'the-echo' }) },
        call: { actions: sendTo(({ system }) => system.get('the-echo') as AnyActorRef, { type: 'ping' }) },
        stop: { actions: stopChild('e') },
        pong: { actions: assign({ heard: ({ context, event }) => [...context.heard, event.n ?? -1] }) },
      },
    }),
    plays: ['begin', 'call', 'call', 'stop', 'begin', 'call'],
    ends: {},
  },
  {
    name: 'a delayed message to a child',
    machine: setup({ types: typed<Typed<{ heard: number[] }>>(), actors: { echo } }).createMachine({
      context: { heard: [] },
      invoke: { src: 'echo', id: 'e' },
      on: {
        soon: { actions: sendTo('e', { type: 'ping', n: 3 }, { delay: 40, id: 's' }) },
        never: { actions: cancel('s') },
        pong: { actions: assign({ heard: ({ context, event }) => [...context.heard, event.n ?? -1] }) },
      },
    }),
    plays: ['soon', 40, 'soon', 20, 'never', 40],
    ends: {},
  },
  {
    name: 'an entry action sends to the child that its own state invokes, at once and later, and after re-entering',
    machine: setup({ types: typed<Typed<{ heard: number[] }>>(), actors: { echo } }).createMachine({
      context: { heard: [] },
      initial: 'on',
      states: {
        on: { entry: [sendTo('e', { type: 'ping', n: 1 }), sendTo('e', { type: 'ping', n: 20 }, { delay: 30 })], invoke: { src: 'echo', id: 'e' }, on: { again: { target: 'on', reenter: true }, off: 'off' } },
        off: {},
      },
      on: { pong: { actions: assign({ heard: ({ context, event }) => [...context.heard, event.n ?? -1] }) } },
    }),
    plays: [30, 'again', 30],
    ends: 'on',
  },
  {
    name: 'emit and log change nothing inside; dynamic targets by guards',
    machine: counter.createMachine({
      context: { n: 0 },
      initial: 'a',
      states: { a: { entry: [log('in a'), emit({ type: 'fact' })], on: { go: [{ guard: ({ event }) => event.to === 'c', target: 'c' }, { target: 'b', actions: ['count', log(({ context }) => `n ${context.n}`)] }] } }, b: { on: { go: 'a' } }, c: {} },
    }),
    plays: ['go', 'go', { type: 'go', to: 'c' }],
    ends: 'c',
  },
  {
    name: 'actions see the context as it was when they stood in line',
    machine: createMachine({
      types: typed<Typed<{ n: number; seen: number[] }>>(),
      context: { n: 0, seen: [] },
      on: { go: { actions: [assign({ n: 1 }), assign({ seen: ({ context }) => [...(context.seen as number[]), context.n as number] }), assign({ n: 2 }), assign({ seen: ({ context }) => [...(context.seen as number[]), context.n as number] })] } },
    }),
    plays: ['go', 'go'],
    ends: {},
  },
  {
    name: 'transitions of inner states win over those of outer ones',
    machine: logger.createMachine({ context: { log: [] }, on: { go: { actions: note('root') } }, initial: 'a', states: { a: { on: { go: { actions: note('a'), guard: ({ context }) => context.log.length < 2 } }, initial: 'b', states: { b: { on: { go: { actions: note('b'), guard: ({ context }) => context.log.length < 1 } } } } } } }),
    plays: ['go', 'go', 'go'],
    ends: { a: 'b' },
  },
  {
    name: 'multiple targets in parallel regions',
    machine: createMachine({
      id: 'm',
      initial: 'off',
      states: { off: { on: { go: { target: ['#m.on.a.a2', '#m.on.b.b2'] as never } } }, on: { type: 'parallel', states: { a: { initial: 'a1', states: { a1: {}, a2: {} } }, b: { initial: 'b1', states: { b1: {}, b2: {} } } } } },
    }),
    plays: ['go'],
    ends: { on: { a: 'a2', b: 'b2' } },
  },
  {
    name: 'a machine without states, and events raised from entries of each other',
    machine: counter.createMachine({ context: { n: 0 }, initial: 'a', entry: raise({ type: 'x' }), states: { a: { entry: raise({ type: 'y' }), on: { x: 'b' } }, b: { on: { y: { target: 'c', actions: 'count' } } }, c: { entry: 'count' } } }),
    plays: [],
    ends: 'c',
  },
]
