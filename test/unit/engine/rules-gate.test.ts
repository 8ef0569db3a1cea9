/** R12: a stored actor names its machine and version; what no longer fits is held back and named, unless a migration covers it. */
import { assign, createMachine, setup, raise, sendTo, type AnyStateMachine } from 'xstate'
import { describe, expect, it, vi } from 'vitest'
import { durable, type ActorDefinition, type Migration } from '../../../runtime/index.ts'
import { refusal, rig, type Rig, STAFF, thing, turn, typed } from './rig.ts'

const A = { type: 'thing', id: 'a' }
const v2 = (machine: object, more: Partial<ActorDefinition> = {}): ActorDefinition => thing(machine, { version: '2', ...more })

async function upgraded(before: object, plays: string[], after: ActorDefinition, beforeMore: Partial<ActorDefinition> = {}): Promise<Rig> {
  const r = await rig(thing(before, beforeMore))
  await r.create()
  for (const play of plays) await r.runtime.send(A, { type: play })
  await turn()
  await r.crash([after])
  return r
}

const problems = async (r: Rig): Promise<string[]> => (await r.runtime.checkStored()).map(({ problem }) => problem)

const old = createMachine({
  id: 'm',
  types: typed<{ context: { count: number } }>(),
  context: { count: 1 },
  initial: 'idle',
  states: {
    idle: { on: { go: 'waiting' } },
    waiting: { initial: 'slow', after: { 1000: 'late' }, states: { slow: { on: { quick: 'fast' } }, fast: {}, hist: { type: 'history' } }, on: { pause: 'paused' } },
    paused: { on: { resume: 'waiting.hist' } },
    late: {},
  },
})

describe('findings', () => {
  it('nothing to say when everything fits', async () => {
    const r = await upgraded(old, ['go', 'quick', 'pause'], v2(old))
    expect(await problems(r)).toEqual([])
    await r.send('resume')
    expect(await r.view()).toMatchObject({ value: { waiting: 'fast' }, version: '2' })
  })

  const cases: [string, object, string[], object, RegExp][] = [
    ['a state that is gone', old, ['go'], createMachine({ id: 'm', initial: 'idle', states: { idle: {}, late: {} } }), /^state 'waiting' is gone$/],
    ['a state that has got inner states', createMachine({ initial: 'a', states: { a: {} } }), [], createMachine({ initial: 'a', states: { a: { initial: 'b', states: { b: {} } } } }), /state 'a' has got inner states/],
    ['a region that is new', createMachine({ type: 'parallel', states: { a: { initial: 'x', states: { x: { on: { go: 'y' } }, y: {} } } } }), ['go'], createMachine({ type: 'parallel', states: { a: { initial: 'x', states: { x: {}, y: {} } }, b: { initial: 'x', states: { x: {} } } } }), /parallel region 'b' is new/],
    ['a timer whose event is gone', createMachine({ id: 'm', initial: 'a', states: { a: { after: { 1000: 'b' } }, b: {} } }), [], createMachine({ id: 'm', initial: 'a', states: { a: { after: { 2000: 'b' } }, b: {} } }), /timer 'xstate.after.1000.m.a' would bring/],
    ['a child that is gone', setup({ actors: { kid: old as AnyStateMachine } }).createMachine({ invoke: { src: 'kid', id: 'k' } }), [], createMachine({}), /child logic 'kid' is gone/],
    ['a history that is gone', old, ['go', 'pause'], createMachine({ id: 'm', initial: 'paused', states: { paused: { on: { resume: 'waiting' } }, waiting: {} } }), /history refers to 'm.waiting/],
  ]
  it.each(cases)('%s is named, and the actor held back until the code fits', async (_what, before, plays, after, problem) => {
    const r = await upgraded(before, plays, v2(after))
    expect(await problems(r)).toContainEqual(expect.stringMatching(problem))
    await refusal(r.send('anything'), 'actor-blocked')
    const view = await r.view()
    expect(view).toMatchObject({ status: 'blocked', version: '1', accepts: [] })
    expect((await r.runtime.list({ type: 'thing', limit: 9 })).data).toHaveLength(1)
    expect(await r.history()).toHaveLength(plays.length + 1)
    await r.crash([thing(before)])
    expect(await problems(r)).toEqual([])
    expect((await r.view()).status).toBe('active')
  })

  it('an actor type that is gone', async () => {
    const r = await upgraded(old, [], { ...v2(old), type: 'other' })
    expect(await r.runtime.checkStored()).toEqual([{ type: 'thing', version: '1', problem: "no actor type 'thing' is registered", count: 1, example: { tenant: 'main', ...A } }])
  })

  it('what has finished is only read', async () => {
    const done = createMachine({ initial: 'a', states: { a: { on: { end: 'b' } }, b: { type: 'final' } }, output: 7 })
    const r = await upgraded(done, ['end'], v2(createMachine({ initial: 'z', states: { z: {} } })))
    expect(await problems(r)).toEqual([])
    expect(await r.view()).toMatchObject({ status: 'done', value: 'b', output: 7 })
  })

  it('a delayed message to another actor, and a delayed raise that nothing listens to, are as their author wanted them', async () => {
    const kid = createMachine({ on: { ping: { actions: () => undefined } } })
    const parent = setup({ actors: { kid } }).createMachine({ invoke: { src: 'kid', id: 'k' }, entry: [sendTo('k', { type: 'ping' }, { delay: 1_000 }), raise({ type: 'nobody' }, { delay: 1_000 })] })
    const r = await upgraded(parent, [], thing(parent))
    expect(await problems(r)).toEqual([])
    await r.clock.advance(1_000)
    expect((await r.view()).status).toBe('active')
    const kid1 = (await r.runtime.list({ type: 'thing~kid', limit: 9 })).data[0]?.id
    expect(await r.outcomes(kid1, 'thing~kid')).toEqual(['xstate.init applied', 'ping applied'])
  })

  it('an actor that is held back keeps what comes for it, calls nothing again, and does not stop the clock', async () => {
    const run = vi.fn(() => 'ok')
    const caller = setup({ actors: { call: durable() } }).createMachine({ id: 'm', initial: 'a', states: { a: { on: { go: 'b' } }, b: { invoke: { src: 'call', id: 'c', onDone: 'c' }, after: { 1000: 'd' } }, c: {}, d: {} } })
    const without = setup({ actors: { call: durable() } }).createMachine({ id: 'm', initial: 'a', states: { a: { invoke: { src: 'call', id: 'c' } } } })
    const r = await upgraded(caller, ['go'], v2(without, { effects: { call: { run } } }), { effects: { call: { run: () => new Promise(() => undefined) } } })
    await r.runtime.settled()
    expect(run).toHaveBeenCalledTimes(1)
    await r.clock.advance(5_000)
    await r.crash()
    expect(run).toHaveBeenCalledTimes(1)
    expect(await r.runtime.listParked({ limit: 9 })).toMatchObject([{ kind: 'waiting', eventType: 'xstate.done.actor.c' }])
    // With code that fits, what waited is taken.
    await r.crash([thing(caller, { effects: { call: { run } } })])
    expect(await r.value()).toMatch(/^[cd]$/)
    expect(run).toHaveBeenCalledTimes(1)
    expect(await r.runtime.listParked({ limit: 9 })).toEqual([])
  })

  it('every deployed version is kept as data', async () => {
    const r = await upgraded(old, [], v2(old))
    expect((await r.runtime.machines()).map(({ type, version }) => `${type} ${version}`)).toEqual(['thing 1', 'thing 2'])
    expect(JSON.parse((await r.runtime.machines())[0]?.definition ?? '{}')).toMatchObject({ id: 'm' })
  })
})

describe('migrations', () => {
  const fresh = createMachine({
    id: 'm',
    types: typed<{ context: { total: number } }>(),
    context: { total: 0 },
    initial: 'idle',
    states: {
      idle: { on: { go: 'pending' } },
      pending: { tags: 'new', initial: 'slow', after: { 1000: 'late' }, states: { slow: {}, fast: {}, hist: { type: 'history' } }, on: { pause: 'paused', more: { actions: assign({ total: ({ context }) => context.total + 1 }) } } },
      paused: { on: { resume: 'pending.hist', more: { actions: assign({ total: ({ context }) => context.total + 1 }) } } },
      late: {},
    },
  })
  const migration: Migration = {
    from: '1',
    migrate: ({ value, context, history }) => ({
      value: JSON.parse(JSON.stringify(value).replaceAll('waiting', 'pending')) as never,
      context: { total: (context as { count: number }).count * 10 },
      history: JSON.parse(JSON.stringify(history).replaceAll('waiting', 'pending')) as never,
      renameTimers: { 'xstate.after.1000.m.waiting': 'xstate.after.1000.m.pending' },
    }),
  }
  const next = v2(fresh, { migrations: [migration] })

  it('state, context, tags and timers are brought over; the renamed timer fires', async () => {
    const r = await upgraded(old, ['go', 'quick'], next)
    expect(await problems(r)).toEqual([])
    expect(await r.view()).toMatchObject({ status: 'active', value: { pending: 'fast' }, context: { total: 10 }, tags: ['new'], timers: [{ id: 'xstate.after.1000.m.pending', event: 'xstate.after.1000.m.pending', dueAt: '1970-01-01T00:00:01.000Z' }] })
    await r.clock.advance(1_000)
    expect(await r.value()).toBe('late')
    expect(r.store.tables.timers.get('main/thing/a')?.size).toBe(0)
    expect(r.store.tables.actors.get('main/thing/a')).toMatchObject({ version: '2', states: ['late'] })
  })

  it('a timer that has no place any more is disarmed by null', async () => {
    const r = await upgraded(old, ['go'], v2(createMachine({ initial: 'x', states: { x: { on: { go: 'y' } }, y: {} } }), { migrations: [{ from: '1', migrate: () => ({ value: 'x', context: {}, renameTimers: { 'xstate.after.1000.m.waiting': null } }) }] }))
    expect(await r.view()).toMatchObject({ value: 'x', timers: [] })
    await r.send('go')
    expect(r.store.tables.timers.get('main/thing/a')?.size).toBe(0)
    await r.clock.advance(5_000)
    expect(await r.outcomes()).toEqual(['xstate.init applied', 'go applied', 'standing.migrated administered', 'go applied'])
  })

  it('is made durable by the first write, once, with a journal row of its own', async () => {
    const r = await upgraded(old, ['go'], next)
    await r.send('more')
    await r.crash()
    await r.send('more')
    expect(await r.context()).toEqual({ total: 12 })
    expect(await r.outcomes()).toEqual(['xstate.init applied', 'go applied', 'standing.migrated administered', 'more applied', 'more applied'])
    expect((await r.history())[2]).toMatchObject({ source: 'migration', version: '2', event: { from: '1', to: '2' } })
  })

  it('history states lead to the states of now', async () => {
    const r = await upgraded(old, ['go', 'quick', 'pause'], next)
    await r.send('resume')
    expect(await r.value()).toEqual({ pending: 'fast' })
  })

  it('a sender who has seen the actor before its migration is not turned away', async () => {
    const r = await upgraded(old, ['go'], next)
    expect((await r.view()).seq).toBe(2)
    expect(await r.runtime.send(A, { type: 'more' }, { ifSeq: 2 })).toMatchObject({ seq: 4 })
    await refusal(r.runtime.send(A, { type: 'more' }, { ifSeq: 2 }), 'stale-version')
  })

  it('what staff do migrates too', async () => {
    const r = await upgraded(old, ['go'], next)
    expect(await r.runtime.moveTimer(A, 'xstate.after.1000.m.pending', 5_000, STAFF)).toMatchObject({ version: '2', timers: [{ dueAt: '1970-01-01T00:00:05.000Z' }] })
    await r.clock.advance(4_999)
    expect(await r.value()).toEqual({ pending: 'slow' })
    await r.clock.advance(1)
    expect(await r.value()).toBe('late')
  })

  it('the actor as it was after a migration is replayed from there; before it, the code of then would be needed', async () => {
    const r = await upgraded(old, ['go'], next)
    await r.send('more')
    const view = await r.view()
    await r.send('more')
    await r.send('pause')
    expect(await r.runtime.getAsOf(A, { seq: 4 })).toEqual(view)
    expect(await r.runtime.getAsOf(A, { seq: 3 })).toMatchObject({ context: { total: 10 }, value: { pending: 'slow' } })
  })

  it('a repeated event from before the migration still gets an answer', async () => {
    const r = await rig(thing(old))
    await r.create()
    await r.runtime.send(A, { type: 'go' }, { eventId: 'k' })
    await r.send('quick')
    await r.crash([v2(createMachine({ id: 'm', initial: 'x', context: {}, states: { x: { on: { more: {} } } } }), { migrations: [{ from: '1', migrate: () => ({ value: 'x', context: {}, renameTimers: { 'xstate.after.1000.m.waiting': null } }) }] })])
    expect(await r.runtime.send(A, { type: 'go' }, { eventId: 'k' })).toMatchObject({ outcome: 'duplicate', seq: 2 })
  })

  it('a migration that throws, or leads nowhere, holds its actor back', async () => {
    for (const migrate of [(): never => { throw new Error('no idea') }, () => ({ value: 'nowhere', context: {} })]) {
      const r = await upgraded(old, ['go'], v2(fresh, { migrations: [{ from: '1', migrate }] }))
      await refusal(r.send('more'), 'actor-blocked')
      expect(await r.view()).toMatchObject({ status: 'blocked', value: { waiting: 'slow' } })
    }
  })

  it('a migration that leads to its own version is refused at registration', () => {
    expect(() => thing(fresh, { migrations: [migration] })).toThrow(/leads to the same version/)
  })
})
