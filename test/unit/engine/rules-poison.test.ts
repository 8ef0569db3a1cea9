/** R7: poison is contained. */
import { assign, createMachine, setup } from 'xstate'
import { describe, expect, it, vi } from 'vitest'
import { defineActor, memoryStore, tell, type ActorDefinition } from '../../../runtime/index.ts'
import { ParkedElsewhereError } from '../../../runtime/store/batch-rules.ts'
import { decorated, refusal, rig, type Rig, type RigOptions, STAFF, thing, typed } from './rig.ts'

const A = { type: 'thing', id: 'a' }
let isBroken = true

/** Breaks at number 13 for as long as it is broken. */
const list = setup({ types: typed<{ context: { log: unknown[] }; events: { type: string; n?: number } }>() }).createMachine({
  context: { log: [] },
  on: {
    add: {
      actions: assign(({ context, event }) => {
        if (isBroken && event.n === 13) throw new Error('thirteen')
        return { log: [...context.log, event.n] }
      }),
    },
    wait: { actions: [] as never, target: undefined as never },
  },
  initial: 'a',
  states: { a: { after: { 1000: 'b' } }, b: {} },
})

const say = (n: number) => tell({ type: 'thing', id: 'a' }, { type: 'add', n } as { type: string }) as never
const remote = defineActor({ type: 'remote', version: '1', machine: createMachine({ on: { bad: { actions: say(13) }, good: { actions: [say(1), say(2)] }, more: { actions: say(3) } } }) })

async function broken(options: RigOptions = {}): Promise<Rig> {
  isBroken = true
  const r = await rig([thing(list), remote], options)
  await r.create()
  await r.create(undefined, 'r', 'remote')
  await r.send('bad', 'r', 'remote')
  return r
}

const press = (r: Rig, what: string) => r.send(what, 'r', 'remote')
const poisonId = async (r: Rig): Promise<string> => (await r.runtime.listParked({ limit: 1, kind: 'poison' }))[0]?.eventId ?? 'none'

describe('poison', () => {
  it('the event is set aside with its error, the actor is held, and says so', async () => {
    const r = await broken()
    expect(await r.view()).toMatchObject({ status: 'blocked', seq: 1, accepts: [], hold: { reason: "event 'add' failed: thirteen", eventId: 'main/remote/r/2/0' } })
    const [row] = await r.runtime.listParked({ limit: 9 })
    expect(row).toMatchObject({ kind: 'poison', eventType: 'add', address: { tenant: 'main', ...A } })
    expect(JSON.parse(row?.error ?? '')).toMatchObject({ message: 'thirteen', stack: expect.stringContaining('thirteen') as string })
    await refusal(r.send({ type: 'add', n: 1 }), 'actor-blocked')
  })

  it('neighbours in the same batch are committed', async () => {
    isBroken = true
    const r = await rig(thing(list))
    const ids = ['a', 'b', 'c']
    for (const id of ids) await r.create(undefined, id)
    const commit = vi.spyOn(r.store, 'commit')
    const answers = await r.runtime.sendMany(ids.map((id) => ({ to: { type: 'thing', id }, event: { type: 'add', n: id === 'b' ? 13 : 1 } })))
    expect(answers.map(({ ok }) => ok)).toEqual([true, false, true])
    expect(commit).toHaveBeenCalledTimes(1)
    expect(await Promise.all(ids.map(async (id) => (await r.view(id)).status))).toEqual(['active', 'blocked', 'active'])
  })

  it('later asynchronous events wait durably, and follow in order when staff retry the repaired one', async () => {
    const r = await broken()
    await press(r, 'good')
    await r.crash()
    expect((await r.runtime.listParked({ limit: 9 })).map(({ kind }) => kind)).toEqual(['poison', 'waiting', 'waiting'])
    isBroken = false
    await r.runtime.retryParked('main', await poisonId(r), STAFF)
    await r.runtime.settled()
    expect(await r.context()).toEqual({ log: [13, 1, 2] })
    expect(await r.runtime.listParked({ limit: 9 })).toEqual([])
    expect(await r.outcomes()).toEqual(['xstate.init applied', 'standing.unblocked administered', 'add applied', 'add applied', 'add applied'])
  })

  it('more waiting events than one page all come before what is sent next', async () => {
    const r = await broken({ limits: { mailbox: 5_000 } })
    const rows = [...Array(1_005).keys()].map((n) => ({ eventId: `w${n}`, address: { tenant: 'main', ...A }, slice: 0, kind: 'waiting' as const, eventType: 'add', error: null, at: 0, delivery: JSON.stringify({ kind: 'event', eventId: `w${n}`, fresh: false, trace: { source: 'x', correlationId: 'x', causationId: null }, event: { type: 'add', n } }) }))
    isBroken = false
    await r.store.park(rows)
    await r.runtime.unblock(A, STAFF)
    await r.send({ type: 'add', n: -1 })
    expect(await r.context()).toEqual({ log: [...Array(1_005).keys(), -1] })
  })

  it('a retry that fails again holds the actor again; nothing that waits overtakes', async () => {
    const r = await broken()
    await press(r, 'good')
    await r.runtime.retryParked('main', await poisonId(r), STAFF)
    await r.runtime.settled()
    expect(await r.view()).toMatchObject({ status: 'blocked', context: { log: [] } })
    expect((await r.runtime.listParked({ limit: 9 })).map(({ kind }) => kind).sort()).toEqual(['poison', 'waiting', 'waiting'])
  })

  it('skip lets the actor go on and keeps the event for later', async () => {
    const r = await broken()
    await press(r, 'good')
    const id = await poisonId(r)
    await r.runtime.skipParked('main', id, STAFF)
    await r.runtime.settled()
    expect(await r.context()).toEqual({ log: [1, 2] })
    expect(await r.runtime.listParked({ limit: 9 })).toMatchObject([{ eventId: id, kind: 'skipped' }])
    isBroken = false
    await r.runtime.retryParked('main', id, STAFF)
    await r.runtime.settled()
    expect(await r.context()).toEqual({ log: [1, 2, 13] })
    expect(await r.runtime.listParked({ limit: 9 })).toEqual([])
  })

  it('discard lets the actor go on, and the journal says what is gone', async () => {
    const r = await broken()
    await press(r, 'good')
    await r.runtime.discardParked('main', await poisonId(r), STAFF)
    await r.runtime.settled()
    expect(await r.context()).toEqual({ log: [1, 2] })
    expect(await r.runtime.listParked({ limit: 9 })).toEqual([])
    expect(await r.outcomes()).toContain('add skipped')
    await refusal(r.runtime.discardParked('main', 'nothing', STAFF), 'parked-not-found')
  })

  it('discard of what its sender has sent again meanwhile only takes the copy away', async () => {
    isBroken = true
    const r = await rig(thing(list))
    await r.create()
    await refusal(r.runtime.send(A, { type: 'add', n: 13 }, { eventId: 'k' }), 'actor-blocked')
    await r.runtime.skipParked('main', 'k', STAFF)
    isBroken = false
    await r.runtime.send(A, { type: 'add', n: 13 }, { eventId: 'k' })
    await r.runtime.discardParked('main', 'k', STAFF)
    expect(await r.runtime.listParked({ limit: 9 })).toEqual([])
    expect(await r.context()).toEqual({ log: [13] })
  })

  it('a timer of a held actor waits, and fires when the actor goes on', async () => {
    const r = await broken()
    await r.clock.advance(5_000)
    expect(await r.view()).toMatchObject({ value: 'a', timers: [{ dueAt: '1970-01-01T00:00:01.000Z' }] })
    await r.runtime.unblock(A, STAFF)
    await r.runtime.settled()
    expect(await r.value()).toBe('b')
    expect((await r.history()).at(-1)?.timers).toMatchObject([{ lateMs: 4_000 }])
  })

  it('a timer whose step throws is poison, and its row goes with it', async () => {
    const machine = createMachine({ initial: 'a', context: {}, states: { a: { after: { 10: { target: 'b', actions: assign((): object => { throw new Error('tick') }) } } }, b: {} } })
    const r = await rig(thing(machine))
    await r.create()
    await r.clock.advance(10)
    expect(await r.view()).toMatchObject({ status: 'blocked', timers: [] })
    expect(await r.runtime.listParked({ limit: 9 })).toMatchObject([{ kind: 'poison', eventType: 'xstate.after.10.(machine).a' }])
    await r.clock.advance(100_000)
    expect(await r.runtime.listParked({ limit: 9 })).toHaveLength(1)
  })

  it('mail for nobody, and for a type that is not registered, is kept, and holds up nothing behind it', async () => {
    const astray = createMachine({ on: { go: { actions: [tell({ type: 'nowhere', id: 'x' }, { type: 'hello' }) as never, tell({ type: 'thing', id: 'none' }, { type: 'hello' }) as never, say(1)] } } })
    const r = await rig([thing(list), defineActor({ type: 'astray', version: '1', machine: astray })])
    await r.create()
    await r.create(undefined, 'x', 'astray')
    await r.send('go', 'x', 'astray')
    expect(await r.context()).toEqual({ log: [1] })
    expect((await r.runtime.listParked({ limit: 9 })).map(({ kind, address }) => `${kind} ${address.type}/${address.id}`).sort()).toEqual(['undeliverable nowhere/x', 'undeliverable thing/none'])
    const id = (await r.runtime.listParked({ limit: 9, address: { tenant: 'main', type: 'thing', id: 'none' } }))[0]?.eventId ?? ''
    await r.create(undefined, 'none')
    await r.runtime.retryParked('main', id, STAFF)
    await r.runtime.settled()
    expect((await r.runtime.listParked({ limit: 9 })).map(({ address }) => address.type)).toEqual(['nowhere'])
  })
})

describe('a database that refuses', () => {
  const rows = { projections: { one: ({ address, context }: { address: { id: string }; context: unknown }) => (context as { log: unknown[] }).log.map((n) => ({ table: 't', key: { id: address.id }, rows: [{ id: address.id, n: n as number }] })) } } satisfies Partial<ActorDefinition>

  it('one event of a batch: its actor is held, all others are committed', async () => {
    isBroken = false
    const r = await rig(thing(list, rows), { store: memoryStore({ uniqueKeys: { t: [['n']] } }) })
    const ids = ['a', 'b', 'c', 'd']
    for (const id of ids) await r.create(undefined, id)
    await r.send({ type: 'add', n: 7 })
    const answers = await r.runtime.sendMany(ids.slice(1).map((id, i) => ({ to: { type: 'thing', id }, event: { type: 'add', n: id === 'c' ? 7 : i + 100 } })))
    expect(answers.map(({ ok }) => ok)).toEqual([true, false, true])
    expect(await r.view('c')).toMatchObject({ status: 'blocked', context: { log: [] } })
    expect((await r.runtime.listParked({ limit: 9 })).map(({ error }) => (JSON.parse(error ?? '{}') as { code?: string }).code)).toEqual(['23505'])
    await r.send({ type: 'add', n: 5 }, 'd')
    expect(await r.context('d')).toEqual({ log: [102, 5] })
  })

  it('even the hold: the sender is told, and the others go on at once', async () => {
    isBroken = true
    const memory = memoryStore()
    const store = decorated(memory, {
      commit: async (batch) => {
        if (batch.actors.some(({ parked }) => parked.length > 0)) throw new ParkedElsewhereError([{ eventId: 'x' }])
        await memory.commit(batch)
      },
    })
    const r = await rig(thing(list), { store })
    await r.create()
    await r.create(undefined, 'b')
    const bad = refusal(r.runtime.send(A, { type: 'add', n: 13 }), 'step-failed')
    await r.runtime.send({ type: 'thing', id: 'b' }, { type: 'add', n: 1 })
    await bad
    await r.send({ type: 'add', n: 2 })
    expect(await r.context()).toEqual({ log: [2] })
  })
})
