/** R5: effects at least once, under one stable key; results of what is over are dropped. */
import { assign, createMachine, setup } from 'xstate'
import { describe, expect, it, vi } from 'vitest'
import { durable, RetryableError, TerminalError, type EffectContext, type EffectDefinition } from '../../../runtime/index.ts'
import { backoffMs, DEFAULT_RETRY } from '../../../runtime/engine/retry.ts'
import { deferred, rig, STAFF, thing, turn, typed } from './rig.ts'

type Got = { context: { got: unknown[] }; events: { type: string; n?: number } }
const A = { type: 'thing', id: 'a' }

const caller = setup({ types: typed<Got>(), actors: { call: durable<unknown, { n: number }>() } }).createMachine({
  id: 'c',
  context: { got: [] },
  initial: 'idle',
  states: {
    idle: { on: { go: 'busy' } },
    busy: {
      invoke: {
        src: 'call',
        id: 'call',
        input: { n: 7 },
        onDone: { target: 'idle', actions: assign({ got: ({ context, event }) => [...context.got, event.output] }) },
        onError: { target: 'idle', actions: assign({ got: ({ context, event }) => [...context.got, (event.error as Error).message] }) },
      },
      on: { leave: 'idle', again: { target: 'busy', reenter: true } },
    },
  },
})

const ringer = createMachine({ types: typed<Got>(), context: { got: [] }, on: { go: { actions: { type: 'ring', params: { times: 2 } } }, gaveUp: { actions: assign({ got: ({ event }) => [event] }) } } })

const calling = (effect: EffectDefinition) => thing(caller, { effects: { call: effect } })
const ringing = (effect: EffectDefinition) => thing(ringer, { effects: { ring: effect } })

describe('results', () => {
  it('comes with input, key, attempt, moment and address, and its output is the result', async () => {
    const seen: unknown[] = []
    const r = await rig(calling({ run: (input, { key, attempt, at, address, interrupted, correlationId }) => (seen.push({ input, key, attempt, at, address, interrupted, correlationId }), { id: 1, gone: undefined }) }))
    await r.create()
    await r.clock.advance(5)
    await r.runtime.send(A, { type: 'go' }, { correlationId: 'c1' })
    await r.runtime.settled()
    expect(seen).toEqual([{ input: { n: 7 }, key: 'main/thing/a/2/0', attempt: 1, at: 5, address: { tenant: 'main', ...A }, interrupted: false, correlationId: 'c1' }])
    expect(await r.context()).toEqual({ got: [{ id: 1 }] })
    expect((await r.history()).at(-1)).toMatchObject({ source: 'effect:call', correlationId: 'c1', causationId: 'main/thing/a/2/0' })
    expect(r.store.tables.effects.size).toBe(0)
  })

  it('a result for a state that has been left is dropped, recorded as dropped, and its call is aborted', async () => {
    const gate = deferred<string>()
    let signal: AbortSignal | undefined
    const r = await rig(calling({ run: (_input, context) => ((signal = context.signal), gate.promise) }))
    await r.create()
    await r.runtime.send(A, { type: 'go' })
    await turn()
    expect((await r.view()).effects).toMatchObject([{ key: 'main/thing/a/2/0', name: 'call', status: 'running', attempts: 1 }])
    await r.runtime.send(A, { type: 'leave' })
    await turn()
    expect(signal?.aborted).toBe(true)
    gate.resolve('late')
    await r.runtime.settled()
    expect(await r.view()).toMatchObject({ value: 'idle', context: { got: [] }, effects: [] })
  })

  it('a call whose result was taken is not told that it was cancelled', async () => {
    let signal: AbortSignal | undefined
    const r = await rig(calling({ run: (_input, context) => ((signal = context.signal), 'done') }))
    await r.create()
    await r.runtime.send(A, { type: 'go' })
    await r.runtime.settled()
    expect(await r.context()).toEqual({ got: ['done'] })
    expect(signal?.aborted).toBe(false)
  })

  it('a late result of an earlier invocation never answers a later one', async () => {
    const gates = [deferred<string>(), deferred<string>()]
    let calls = 0
    const two = await rig(calling({ run: () => gates[calls++]?.promise ?? 'none' }))
    await two.create()
    await two.runtime.send(A, { type: 'go' })
    await turn()
    // Another node does not know that this one is calling: it takes the actor out of the state and back in.
    const other = await rig(calling({ run: () => new Promise(() => undefined) }), { store: two.store, clock: two.clock })
    await other.runtime.send(A, { type: 'again' })
    gates[0]?.resolve('first')
    // The later call goes on: it is this node's to make.
    await vi.waitFor(async () => expect(await two.outcomes()).toHaveLength(4))
    expect(calls).toBe(2)
    expect(await two.view()).toMatchObject({ value: 'busy', context: { got: [] } })
    expect(await two.outcomes()).toEqual(['xstate.init applied', 'go applied', 'again applied', 'xstate.done.actor.call dropped'])
  })

  it('an action is done once, with its params and the event that caused it', async () => {
    const seen: unknown[] = []
    const r = await rig(ringing({ run: (params, { event }) => void seen.push({ params, event }) }))
    await r.create()
    await r.send({ type: 'go', n: 3 })
    await r.crash()
    expect(seen).toEqual([{ params: { times: 2 }, event: { type: 'go', n: 3 } }])
  })

  it("the machine's own action functions run after the commit, with the context they would have had", async () => {
    const seen: unknown[] = []
    const machine = createMachine({ types: typed<{ context: { n: number } }>(), context: { n: 1 }, on: { go: { actions: [({ context, event }) => void seen.push([context.n, event.type]), assign({ n: 2 })] } } })
    const r = await rig(thing(machine))
    await r.create()
    await r.send('go')
    expect(seen).toEqual([[1, 'go']])
  })

  it('a sweep that reads while an effect finishes does not call it again', async () => {
    const run = vi.fn(() => 'done')
    const r = await rig([ringing({ run })])
    const stale = deferred()
    const dueEffects = r.store.dueEffects.bind(r.store)
    let isStale = false
    r.store.dueEffects = async (query) => {
      const rows = await dueEffects(query)
      if (isStale && rows.length > 0) {
        isStale = false
        await stale.promise
      }
      return rows
    }
    await r.create()
    const gate = deferred()
    run.mockImplementationOnce(() => gate.promise as never)
    await r.runtime.send(A, { type: 'go' })
    await turn()
    isStale = true
    const advanced = r.clock.advance(10)
    await turn()
    gate.resolve()
    await turn(10)
    stale.resolve()
    await advanced
    expect(run).toHaveBeenCalledTimes(1)
    expect(r.store.tables.effects.size).toBe(0)
  })
})

describe('retries', () => {
  it('tries again after growing waits, under one key, until it succeeds', async () => {
    const at: number[] = []
    const keys = new Set<string>()
    const run = (_input: never, context: EffectContext): string => {
      at.push(context.at)
      keys.add(context.key)
      if (context.attempt < 4) throw new Error(`no ${context.attempt}`)
      return 'yes'
    }
    const r = await rig(calling({ run, retry: { initialMs: 100, factor: 3, jitter: 0.5 } }))
    await r.create()
    await r.send('go')
    expect((await r.view()).effects).toMatchObject([{ status: 'retrying', attempts: 1, nextAttemptAt: '1970-01-01T00:00:00.100Z', lastError: { message: 'no 1' } }])
    await r.clock.advance(10_000)
    expect(at).toEqual([0, 100, 400, 1_300])
    expect(keys.size).toBe(1)
    expect(await r.context()).toEqual({ got: ['yes'] })
  })

  it('counts the attempts across a crash', async () => {
    const attempts: number[] = []
    const run = (_input: never, { attempt }: EffectContext): never => {
      attempts.push(attempt)
      throw new Error('no')
    }
    const r = await rig(calling({ run, retry: { attempts: 3, initialMs: 100, factor: 1 } }))
    await r.create()
    await r.send('go')
    await r.crash()
    await r.clock.advance(1_000)
    expect(attempts).toEqual([1, 2, 3])
    expect(await r.context()).toEqual({ got: ['no'] })
  })

  it('what the other side asked for is a floor of the wait', async () => {
    const at: number[] = []
    const run = (_input: never, context: EffectContext): string => {
      at.push(context.at)
      if (context.attempt === 1) throw new RetryableError('busy', { retryAfterMs: 5_000 })
      return 'yes'
    }
    const r = await rig(calling({ run, retry: { initialMs: 100 } }))
    await r.create()
    await r.send('go')
    await r.clock.advance(4_999)
    expect(at).toEqual([0])
    await r.clock.advance(1)
    expect(at).toEqual([0, 5_000])
  })

  it('the wait grows, is bounded, and is spread by chance', () => {
    const policy = { ...DEFAULT_RETRY, initialMs: 1_000, factor: 2, maxMs: 5_000, jitter: 0.2 }
    expect([1, 2, 3, 4].map((attempt) => backoffMs(policy, attempt, 0.5, undefined))).toEqual([1_000, 2_000, 4_000, 5_000])
    expect([0, 1].map((chance) => backoffMs(policy, 2, chance, undefined))).toEqual([1_600, 2_400])
    expect(backoffMs(policy, 1, 0, new RetryableError('x', { retryAfterMs: 900 }))).toBe(900)
    expect(backoffMs(policy, 1, 1, new RetryableError('x', { retryAfterMs: 900 }))).toBe(1_200)
  })

  it('gives up at once when trying again is pointless', async () => {
    const run = vi.fn((): never => { throw new TerminalError('never', { code: 'closed' }) })
    const r = await rig(calling({ run }))
    await r.create()
    await r.send('go')
    await r.clock.advance(86_400_000)
    expect(run).toHaveBeenCalledTimes(1)
    expect(await r.context()).toEqual({ got: ['never'] })
    expect((await r.history()).at(-1)?.event).toMatchObject({ type: 'xstate.error.actor.call', error: { name: 'TerminalError', code: 'closed' } })
  })

  it('an action that is given up stays for staff to see, and its machine is told', async () => {
    const r = await rig(ringing({ run: () => Promise.reject(new Error('dead')), retry: { attempts: 2, initialMs: 10 }, onGiveUp: 'gaveUp' }))
    await r.create()
    await r.send('go')
    await r.clock.advance(100)
    expect(await r.context()).toMatchObject({ got: [{ type: 'gaveUp', effect: 'ring', key: 'main/thing/a/2/0', error: { message: 'dead' } }] })
    expect(await r.runtime.listEffects({ limit: 9, status: 'failed' })).toMatchObject([{ key: 'main/thing/a/2/0', attempts: 2 }])
    await r.crash()
    expect((await r.view()).effects).toMatchObject([{ status: 'failed', nextAttemptAt: null, lastError: { message: 'dead' } }])
  })

  it('an attempt that gets no answer in time is aborted and tried again', async () => {
    const reasons: unknown[] = []
    const run = (_input: never, { attempt, signal }: EffectContext): Promise<string> | string => {
      if (attempt > 1) return 'yes'
      signal.addEventListener('abort', () => reasons.push((signal.reason as Error).message))
      return new Promise(() => undefined)
    }
    const r = await rig(calling({ run, timeoutMs: 10, retry: { initialMs: 100 } }))
    await r.create()
    await r.send('go')
    await r.clock.advance(100)
    expect(reasons).toEqual(['no answer within 10 ms'])
    expect(await r.context()).toEqual({ got: ['yes'] })
  })

  it('a waiting retry is cancelled by leaving the state', async () => {
    const run = vi.fn((): never => { throw new Error('no') })
    const r = await rig(calling({ run, retry: { initialMs: 100 } }))
    await r.create()
    await r.send('go')
    await r.send('leave')
    await r.clock.advance(100_000)
    expect(run).toHaveBeenCalledTimes(1)
    expect(r.store.tables.effects.size).toBe(0)
  })

  it('an attempt that a crash interrupted is told so, where that is noted before the call', async () => {
    const interrupted: boolean[] = []
    const run = (_input: never, context: EffectContext): unknown => {
      interrupted.push(context.interrupted)
      return context.interrupted ? 'checked' : new Promise(() => undefined)
    }
    const r = await rig(calling({ run, noteBeforeCall: true }))
    await r.create()
    await r.runtime.send(A, { type: 'go' })
    await turn()
    await r.crash()
    expect(interrupted).toEqual([false, true])
    expect(await r.context()).toEqual({ got: ['checked'] })
  })

  it('without a store to note it in, the call is not made', async () => {
    const run = vi.fn(() => 'yes')
    const r = await rig(calling({ run, noteBeforeCall: true }))
    const progressEffects = r.store.progressEffects.bind(r.store)
    r.store.progressEffects = () => Promise.reject(new Error('down'))
    await r.create()
    await r.send('go')
    expect(run).not.toHaveBeenCalled()
    r.store.progressEffects = progressEffects
    await r.clock.advance(1_000)
    expect(run).toHaveBeenCalledTimes(1)
  })
})

describe('staff', () => {
  it('retry tries now, with all attempts anew and under the same key', async () => {
    let isDown = true
    const keys: string[] = []
    const run = (_input: never, { key, attempt }: EffectContext): void => {
      keys.push(`${key} ${attempt}`)
      if (isDown) throw new Error('down')
    }
    const r = await rig(ringing({ run, retry: { attempts: 1 } }))
    await r.create()
    await r.send('go')
    isDown = false
    await r.runtime.retryEffect('main/thing/a/2/0', STAFF)
    await r.runtime.settled()
    expect(keys).toEqual(['main/thing/a/2/0 1', 'main/thing/a/2/0 1'])
    expect(await r.runtime.listEffects({ limit: 9 })).toEqual([])
    expect((await r.history()).at(-1)).toMatchObject({ outcome: 'administered', source: 'staff:key:tester', event: { type: 'standing.effectRetried', reason: 'a test' } })
  })

  it('retry of a waiting effect calls it once, not twice', async () => {
    const run = vi.fn((): never => { throw new Error('no') })
    const r = await rig(calling({ run, retry: { initialMs: 1_000, factor: 1 } }))
    await r.create()
    await r.send('go')
    await r.clock.advance(500)
    await r.runtime.retryEffect('main/thing/a/2/0', STAFF)
    await r.runtime.settled()
    expect(run).toHaveBeenCalledTimes(2)
    // Its earlier place in line was for 1,000; its new one is for 1,500.
    await r.clock.advance(500)
    expect(run).toHaveBeenCalledTimes(2)
    await r.clock.advance(500)
    expect(run).toHaveBeenCalledTimes(3)
  })

  it('cancel tells an invocation that it failed, and forgets an action', async () => {
    const r = await rig(calling({ run: () => Promise.reject(new Error('no')) }))
    await r.create()
    await r.send('go')
    await r.runtime.cancelEffect('main/thing/a/2/0', { ...STAFF, reason: 'called them' })
    await r.runtime.settled()
    expect(await r.context()).toEqual({ got: ['called them'] })
    const s = await rig(ringing({ run: () => Promise.reject(new Error('no')), retry: { attempts: 1 } }))
    await s.create()
    await s.send('go')
    await s.runtime.cancelEffect('main/thing/a/2/0', STAFF)
    expect(await s.runtime.listEffects({ limit: 9 })).toEqual([])
    await expect(s.runtime.cancelEffect('main/thing/a/2/0', STAFF)).rejects.toMatchObject({ code: 'effect-not-found' })
  })
})
