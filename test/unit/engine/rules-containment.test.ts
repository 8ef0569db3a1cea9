/** What one actor, one row or one outage may cost the others: nothing (R7, R9, R10). */
import { assign, createMachine, setup } from 'xstate'
import { describe, expect, it, vi } from 'vitest'
import { tell } from '../../../runtime/index.ts'
import { Activity } from '../../../runtime/engine/activity.ts'
import { HeldEffects } from '../../../runtime/engine/held-effects.ts'
import { HeldSlices } from '../../../runtime/engine/ownership/held-slices.ts'
import { OutboxRelay } from '../../../runtime/engine/outbox-relay.ts'
import type { Mail } from '../../../runtime/model/messages.ts'
import type { PositionedOutboxRow } from '../../../runtime/model/records.ts'
import { silentLog } from '../../../runtime/ports/log.ts'
import { StoreUnavailableError } from '../../../runtime/ports/store.ts'
import { localBus } from '../../../runtime/bus/local.ts'
import { memoryStore } from '../../../runtime/store/memory.ts'
import { decorated, deferred, refusal, registration, rig, STAFF, thing, turn, typed } from './rig.ts'

const A = { type: 'thing', id: 'a' }
const counter = createMachine({ types: typed<{ context: { n: number }; events: { type: string } }>(), context: { n: 0 }, on: { go: { actions: assign({ n: ({ context }) => context.n + 1 }) } } })

describe('addresses', () => {
  it.each([['a\0b'], ['a/b'], [''], ['a b'], ['é'], ['x'.repeat(401)]])('nobody can be called %j, and no store is asked about it', async (id) => {
    const r = await rig(thing(counter))
    const load = vi.spyOn(r.store, 'load')
    const asks: (() => Promise<unknown>)[] = [() => r.runtime.send({ type: 'thing', id }, { type: 'go' }), () => r.runtime.get({ type: 'thing', id }), () => r.runtime.history({ type: 'thing', id }), () => r.runtime.block({ type: 'thing', id }, STAFF)]
    for (const ask of asks) await refusal(Promise.resolve().then(ask), 'actor-not-found')
    const [result] = await r.runtime.sendMany([{ to: { type: 'thing', id }, event: { type: 'go' } }])
    expect(result).toMatchObject({ ok: false, error: { code: 'actor-not-found' } })
    expect(load).not.toHaveBeenCalled()
  })

  it('a machine that sends to such a one is held; its neighbours go on, also after a restart', async () => {
    const caller = setup({ types: typed<{ context: object; events: { type: string; who: string } }>() }).createMachine({
      context: {},
      on: { go: { actions: tell(({ event }) => ({ type: 'thing', id: event.who }), { type: 'hi' }) } },
    })
    const r = await rig(thing(caller))
    await r.create()
    await r.create(undefined, 'b')
    await refusal(r.runtime.send(A, { type: 'go', who: 'x\0y' }), 'actor-blocked')
    expect((await r.runtime.send({ type: 'thing', id: 'b' }, { type: 'go', who: 'a' })).outcome).toBe('applied')
    await r.crash()
    expect((await r.runtime.send({ type: 'thing', id: 'b' }, { type: 'go', who: 'a' })).outcome).toBe('applied')
  })

  it('R7: an actor that the database refuses to load costs its neighbours nothing', async () => {
    const memory = memoryStore()
    const store = decorated(memory, { load: (addresses) => (addresses.some(({ id }) => id === 'bad') ? Promise.reject(new Error('invalid byte sequence')) : memory.load(addresses)) })
    const r = await rig(thing(counter), { store })
    const others = ['b', 'c', 'd'].map((id) => r.runtime.create({ type: 'thing', id }))
    await refusal(r.runtime.create({ type: 'thing', id: 'bad' }), 'actor-blocked')
    expect((await Promise.all(others)).map(({ id }) => id)).toEqual(['b', 'c', 'd'])
    expect((await r.send('go', 'c')).outcome).toBe('applied')
  })
})

describe('what staff and the runner do in two steps', () => {
  it('R10: a skipped event is at no moment gone', async () => {
    const faulty = createMachine({ types: typed<{ events: { type: string } }>(), initial: 'a', states: { a: { on: { boom: { guard: () => { throw new Error('bad') }, target: 'b' } } }, b: {} } })
    const memory = memoryStore()
    let isDying = false
    const lost = (): Promise<never> => new Promise(() => undefined)
    const store = decorated(memory, { park: (rows) => (isDying ? lost() : memory.park(rows)), removeParked: (tenant, ids) => memory.removeParked(tenant, ids) })
    const r = await rig(thing(faulty), { store })
    await r.create()
    await refusal(r.runtime.send(A, { type: 'boom' }, { eventId: 'money' }), 'actor-blocked')
    isDying = true
    void r.runtime.skipParked('main', 'money', STAFF).catch(() => undefined)
    await turn()
    await turn()
    r.runtime.kill()
    expect(await memory.listParked({ tenant: 'main', limit: 9 })).toMatchObject([{ eventId: 'money', kind: 'skipped' }])
  })

  it('R10: an actor hears that its effect was given up although the process died over it', async () => {
    const machine = createMachine({ types: typed<{ events: { type: string } }>(), initial: 'a', states: { a: { entry: { type: 'call' }, on: { 'call.failed': 'gaveUp' } }, gaveUp: {} } })
    const definition = thing(machine, { effects: { call: { retry: { attempts: 1 }, onGiveUp: 'call.failed', run: () => Promise.reject(new Error('down')) } } })
    const memory = memoryStore()
    const died = deferred()
    let isArmed = true
    const store = decorated(memory, {
      progressEffects: async (changes) => {
        await memory.progressEffects(changes)
        if (!isArmed || !changes.some(({ status }) => status === 'failed')) return
        died.resolve()
        await new Promise(() => undefined)
      },
    })
    const r = await rig(definition, { store })
    void r.runtime.create(A)
    await died.promise
    isArmed = false
    await r.crash()
    expect(await r.value()).toBe('gaveUp')
  })
})

describe('the outbox', () => {
  it('R4: a message whose commit landed late is not overtaken by the next of its sender', async () => {
    const to = { tenant: 'main', ...A }
    const mail = (sender: string, key: string): Mail => ({ kind: 'event', key, to, from: { ...to, id: sender }, event: { type: 'x' }, correlationId: 'c', causationId: 'c' })
    const row = (sent: Mail, position: number): PositionedOutboxRow => ({ key: sent.key, position, sender: sent.from, slice: 0, kind: 'mail', body: JSON.stringify(sent) })
    // Two commits in flight: a's took the lower position, b's landed first.
    const [b1, a1, a2] = [mail('b', 'b1'), mail('a', 'a1'), mail('a', 'a2')]
    let table = [row(b1, 2)]
    const reading = deferred()
    const go = deferred()
    let reads = 0
    const store = decorated(memoryStore(), {
      unsentOutbox: async ({ afterPosition }) => {
        const page = table.filter(({ position }) => position > afterPosition).sort((one, other) => one.position - other.position)
        if (reads++ === 0) {
          reading.resolve()
          await go.promise
        }
        return page
      },
      removeOutbox: async (keys) => { table = table.filter(({ key }) => !keys.includes(key)) },
    })
    const sent: string[] = []
    const activity = new Activity()
    const slices = new HeldSlices({ now: () => 0, after: () => () => undefined })
    slices.extend(1)
    slices.activate([0])
    const relay = new OutboxRelay({ store, slices, bus: { ...localBus(), sendMail: async ({ key }) => void sent.push(key) }, activity, log: silentLog, queued: 100 })
    const sweep = relay.sweep()
    await reading.promise
    table.push(row(a1, 1))
    relay.add(0, [], [a1])
    go.resolve()
    await sweep
    table.push(row(a2, 3))
    relay.add(0, [], [a2])
    await activity.whenIdle()
    expect(sent).toEqual(['b1', 'a1', 'a2'])
  })
})

describe('bounds', () => {
  it('R9: effects that wait for another attempt are left to the store beyond the bound, and none is forgotten', async () => {
    let [held, most] = [0, 0]
    const spied = (name: 'add' | 'drop', note: (effects: HeldEffects, key: string) => void): void => {
      const original = Reflect.get(HeldEffects.prototype, name) as (this: unknown, what: unknown) => void
      vi.spyOn(HeldEffects.prototype, name).mockImplementation(function (this: HeldEffects, what: { key: string } | string) {
        note(this, typeof what === 'string' ? what : what.key)
        original.call(this, what)
      })
    }
    spied('add', () => (most = Math.max(most, ++held)))
    spied('drop', (effects, key) => (held -= effects.has(key) ? 1 : 0))
    let isDown = true
    const done = new Set<string>()
    const calling = createMachine({ entry: { type: 'call' } })
    const run = (_input: never, { key }: { key: string }): void => {
      if (isDown) throw new Error('down')
      done.add(key)
    }
    const r = await rig(thing(calling, { effects: { call: { retry: { attempts: 9, initialMs: 60_000, factor: 1 }, run } } }), { limits: { queued: 20 } })
    for (let group = 0; group < 10; group++) {
      await Promise.all(Array.from({ length: 10 }, (_, n) => r.runtime.create({ type: 'thing', id: `a${group}-${n}` })))
      await r.runtime.settled()
    }
    expect(most).toBeLessThanOrEqual(20 + 10)
    isDown = false
    await r.clock.advance(120_000)
    await r.runtime.settled()
    expect(done.size).toBe(100)
    vi.restoreAllMocks()
  })

  it('R9: the answer to a repeated event does not replay a long life', async () => {
    const r = await rig(thing(counter))
    await r.create()
    for (let sent = 0; sent < 1_100; sent += 100) await Promise.all(Array.from({ length: 100 }, (_, n) => r.runtime.send(A, { type: 'go' }, { eventId: `e${sent + n}` })))
    const history = vi.spyOn(r.store, 'history')
    expect(await r.runtime.send(A, { type: 'go' }, { eventId: 'e1050' })).toMatchObject({ outcome: 'duplicate', seq: 1_052 })
    expect(history).not.toHaveBeenCalled()
    expect(await r.runtime.send(A, { type: 'go' }, { eventId: 'e5' })).toMatchObject({ outcome: 'duplicate', seq: 7, actor: { context: { n: 6 } } })
  })

  it('R9: senders are not kept waiting for as long as an outage lasts', async () => {
    const memory = memoryStore()
    let isDown = false
    const store = decorated(memory, { commit: (batch) => (isDown ? Promise.reject(new StoreUnavailableError('down')) : memory.commit(batch)) })
    const r = await rig(thing(counter), { store })
    await r.create()
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] })
    try {
      isDown = true
      const refused = refusal(r.runtime.send(A, { type: 'go' }, { eventId: 'once' }), 'overloaded')
      for (let second = 0; second < 10; second++) {
        await vi.advanceTimersByTimeAsync(1_000)
        // The engine steps at the end of a real turn of the event loop.
        await new Promise((resolve) => setImmediate(resolve))
      }
      await refused
      isDown = false
      await vi.advanceTimersByTimeAsync(3_000)
    } finally {
      vi.useRealTimers()
    }
    expect((await r.runtime.send(A, { type: 'go' }, { eventId: 'once' })).actor.context).toEqual({ n: 1 })
  })
})

describe('registration', () => {
  it('two children whose names differ only in what a type cannot hold are refused', () => {
    const kid = (id: string) => createMachine({ id })
    const parent = setup({ actors: { kid_a: kid('1'), 'kid-a': kid('2') } }).createMachine({ invoke: [{ src: 'kid_a' }, { src: 'kid-a' }] })
    expect(registration(() => thing(parent))).toMatch(/'kid-a' would be called 'thing~kid-a' like another one/)
  })

  it('a field that is called spawn is no spawning', () => {
    expect(registration(() => thing(createMachine({ context: { spawn: 0 }, on: { go: { actions: assign({ spawn: ({ context }) => context.spawn + 1 }) } } })))).toBe('accepted')
  })
})
