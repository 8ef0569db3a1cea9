/** Start, stop and kill. */
import { createMachine, emit } from 'xstate'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { createRuntime, manualClock, memoryStore, type EffectContext, type Mail } from '../../../runtime/index.ts'
import { StoreUnavailableError } from '../../../runtime/ports/store.ts'
import { decorated, deferred, refusal, rig, STAFF, thing, turn } from './rig.ts'
import { localBus } from '../../../runtime/bus/local.ts'

const A = { type: 'thing', id: 'a' }
const machine = createMachine({ on: { go: { actions: [{ type: 'ring' }, emit({ type: 'went' })] } } })

afterEach(() => {
  vi.useRealTimers()
})

describe('start', () => {
  it('twice is once', async () => {
    const store = memoryStore()
    const start = vi.spyOn(store, 'start')
    const runtime = createRuntime({ actors: [thing(createMachine({}))], store, clock: manualClock(0), sweepEveryMs: 0 })
    await Promise.all([runtime.start(), runtime.start()])
    await runtime.start()
    expect(start).toHaveBeenCalledTimes(1)
    await runtime.stop()
  })

  it('nothing is taken before it', async () => {
    const runtime = createRuntime({ actors: [thing(createMachine({}))], store: memoryStore(), clock: manualClock(0) })
    await refusal(runtime.create(A), 'invalid-state')
    await runtime.stop()
  })

  it('a start that fails says why, and can still be stopped', async () => {
    const store = decorated(memoryStore(), { storedShapes: () => Promise.reject(new StoreUnavailableError('no database')) })
    const runtime = createRuntime({ actors: [thing(createMachine({}))], store, clock: manualClock(0) })
    await expect(runtime.start()).rejects.toThrow('no database')
    await runtime.stop()
  })
})

describe('stop', () => {
  it('commits what is in flight, waits for what runs, and takes nothing new', async () => {
    const gate = deferred()
    const r = await rig(thing(machine, { effects: { ring: { run: () => gate.promise } } }))
    await r.create()
    await r.runtime.send(A, { type: 'go' })
    await turn()
    const sending = r.runtime.send(A, { type: 'go' })
    const stopping = r.runtime.stop()
    await refusal(r.runtime.send(A, { type: 'go' }), 'invalid-state')
    await refusal(r.runtime.create({ type: 'thing', id: 'b' }), 'invalid-state')
    expect((await sending).seq).toBe(3)
    gate.resolve()
    await stopping
    // The call that ran has ended; the later one had not begun and is left to the next start.
    expect([[...r.store.tables.effects.keys()], r.store.tables.outbox.size]).toEqual([['main/thing/a/3/0'], 0])
  })

  it('twice is once, and afterwards every change is refused', async () => {
    const r = await rig(thing(machine, { effects: { ring: { run: () => 1 } } }))
    await r.create()
    await Promise.all([r.runtime.stop(), r.runtime.stop()])
    await refusal(r.runtime.send(A, { type: 'go' }), 'invalid-state')
    await refusal(r.runtime.block(A, STAFF), 'invalid-state')
    await refusal(r.runtime.retryParked('main', 'x', STAFF), 'invalid-state')
    await refusal(r.runtime.start(), 'invalid-state')
  })

  it('what stood in line but had not begun is left to the next start', async () => {
    const keys: string[] = []
    const gate = deferred()
    const run = (_input: never, { key }: EffectContext): Promise<void> => (keys.push(key), gate.promise)
    const actors = [thing(machine, { effects: { ring: { run } } })]
    const r = await rig(actors, { lanes: { default: { concurrency: 1 } } })
    await r.create()
    for (let i = 0; i < 3; i++) await r.runtime.send(A, { type: 'go' })
    await turn()
    const stopping = r.runtime.stop()
    gate.resolve()
    await stopping
    expect(keys).toHaveLength(1)
    await r.crash()
    expect(keys).toEqual(['main/thing/a/2/0', 'main/thing/a/3/0', 'main/thing/a/4/0'])
  })

  it('a call that does not end is aborted after the grace, and made again by the next start', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    const signals: AbortSignal[] = []
    const r = await rig(thing(machine, { effects: { ring: { run: (_input, { signal }) => (signals.push(signal), new Promise(() => undefined)), timeoutMs: 60_000 } } }))
    await r.create()
    await r.runtime.send(A, { type: 'go' })
    await turn()
    const stopping = r.runtime.stop()
    await turn()
    await vi.advanceTimersByTimeAsync(5_000)
    await stopping
    expect(signals.map(({ aborted }) => aborted)).toEqual([true])
    expect(r.store.tables.effects.size).toBe(1)
  })

  it('a bus out of reach holds up no stop; the message leaves with the next start', async () => {
    const mails: string[] = []
    let isDown = true
    const bus = {
      ...localBus(),
      start: async () => undefined,
      stop: async () => undefined,
      sendMail: async (_mail: Mail) => undefined,
      publishFact: async (fact: { key: string }) => { if (isDown) throw new Error('down'); mails.push(fact.key) },
      onFact: () => () => undefined,
    }
    const r = await rig(thing(machine, { effects: { ring: { run: () => 1 } } }), { bus })
    await r.create()
    await r.runtime.send(A, { type: 'go' })
    await r.runtime.stop()
    expect(r.store.tables.outbox.size).toBe(1)
    isDown = false
    await r.crash()
    expect(mails).toEqual(['main/thing/a/2/1'])
    expect(r.store.tables.outbox.size).toBe(0)
  })

  it('a database out of reach holds up no stop for long', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    const memory = memoryStore()
    let isDown = false
    const store = decorated(memory, { commit: (batch) => (isDown ? Promise.reject(new StoreUnavailableError('down')) : memory.commit(batch)) })
    const r = await rig(thing(machine, { effects: { ring: { run: () => 1 } } }), { store })
    await r.create()
    isDown = true
    const sending = refusal(r.runtime.send(A, { type: 'go' }), 'invalid-state')
    await turn()
    const stopping = r.runtime.stop()
    await vi.advanceTimersByTimeAsync(10_000)
    await stopping
    await sending
  })
})

describe('kill', () => {
  it('writes nothing more, between two writes of one batch either', async () => {
    const memory = memoryStore()
    const writes: string[] = []
    let isKilled = false
    const note = <A extends unknown[]>(name: string, call: (...args: A) => Promise<void>) => async (...args: A): Promise<void> => {
      if (isKilled) writes.push(name)
      await call(...args)
    }
    const parking = deferred()
    const store = decorated(memory, {
      commit: note('commit', (batch) => memory.commit(batch)),
      progressEffects: note('progress', (changes) => memory.progressEffects(changes)),
      removeEffects: note('removeEffects', (keys) => memory.removeEffects(keys)),
      removeOutbox: note('removeOutbox', (keys) => memory.removeOutbox(keys)),
      park: note('park', async (rows) => { await parking.promise; await memory.park(rows) }),
    })
    let deliver: (mail: Mail) => Promise<void> = async () => undefined
    const bus = { ...localBus(), start: async (receiver: { deliver(mail: Mail): Promise<void> }) => { deliver = (mail) => receiver.deliver(mail) }, stop: async () => undefined, sendMail: async () => undefined, publishFact: async () => undefined, onFact: () => () => undefined }
    const r = await rig(thing(machine, { effects: { ring: { run: () => 1 } } }), { store, bus, limits: { hotActors: 0 } })
    await r.create()
    // Loaded together, so in one batch: an event to be parked, which takes long, and one to be committed.
    const mail = { kind: 'event' as const, from: { tenant: 'main', ...A }, correlationId: 'x', causationId: 'x', event: { type: 'go' } }
    void deliver({ ...mail, key: 'm1', to: { tenant: 'main', ...A } })
    void deliver({ ...mail, key: 'm2', to: { tenant: 'main', type: 'thing', id: 'none' } })
    await turn()
    r.runtime.kill()
    isKilled = true
    parking.resolve()
    await turn(20)
    expect(writes).toEqual([])
    await refusal(r.runtime.send(A, { type: 'go' }), 'invalid-state')
    await r.runtime.stop()
  })

  it('aborts what runs, refuses what waits, and leaves the rest to the next start', async () => {
    const signals: AbortSignal[] = []
    const memory = memoryStore()
    let isSlow = false
    const store = decorated(memory, { commit: (batch) => (isSlow ? new Promise(() => undefined) : memory.commit(batch)) })
    const r = await rig(thing(machine, { effects: { ring: { run: (_input, { signal }) => (signals.push(signal), new Promise(() => undefined)) } } }), { store, limits: { commitsInFlight: 1 } })
    await r.create()
    await r.runtime.send(A, { type: 'go' })
    await turn()
    isSlow = true
    void r.runtime.send(A, { type: 'go' }).catch(() => undefined)
    await turn()
    const waiting = refusal(r.runtime.send(A, { type: 'go' }), 'invalid-state')
    r.runtime.kill()
    await waiting
    expect(signals.map(({ aborted }) => aborted)).toEqual([true])
    isSlow = false
    await r.runtime.settled()
  })
})
