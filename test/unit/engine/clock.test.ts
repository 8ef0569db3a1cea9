/** Clocks: the machine's own beyond what setTimeout can do, and those that are moved by hand. */
import { createMachine } from 'xstate'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { manualClock, sandboxClock, systemClock } from '../../../runtime/index.ts'
import { rig, thing, turn } from './rig.ts'

const DAY = 86_400_000

afterEach(() => {
  vi.useRealTimers()
})

describe('the system clock', () => {
  it('wakes after more than 24.8 days, at the moment and not before', () => {
    vi.useFakeTimers({ now: 0 })
    const woken = vi.fn<(at: number) => void>()
    systemClock().wakeAt(100 * DAY, () => woken(Date.now()))
    vi.advanceTimersByTime(100 * DAY - 1)
    expect(woken).not.toHaveBeenCalled()
    vi.advanceTimersByTime(1)
    expect(woken.mock.calls).toEqual([[100 * DAY]])
  })

  it('wakes at once for a moment that is past, and not at all when cancelled', () => {
    vi.useFakeTimers({ now: 1_000 })
    const woken = vi.fn()
    const cancelled = vi.fn()
    systemClock().wakeAt(500, woken)
    const cancel = systemClock().wakeAt(60 * DAY, cancelled)
    vi.advanceTimersByTime(0)
    expect(woken).toHaveBeenCalledTimes(1)
    vi.advanceTimersByTime(30 * DAY)
    cancel()
    vi.advanceTimersByTime(60 * DAY)
    expect(cancelled).not.toHaveBeenCalled()
  })

  it('drives a runtime: a timer fires by itself, at its moment', async () => {
    vi.useFakeTimers({ now: 0, toFake: ['setTimeout', 'clearTimeout', 'Date'] })
    const machine = createMachine({ initial: 'a', states: { a: { after: { 10_000: 'b' } }, b: {} } })
    const r = await rig(thing(machine), { clock: systemClock() as never })
    await r.create()
    for (let second = 0; second < 10; second++) {
      expect(await r.value()).toBe('a')
      await vi.advanceTimersByTimeAsync(1_000)
      await turn()
    }
    expect(await r.value()).toBe('b')
    expect((await r.history()).at(-1)).toMatchObject({ at: '1970-01-01T00:00:10.000Z', timers: [{ lateMs: 0 }] })
  })
})

describe('a clock that is moved', () => {
  it('stops at each due time, in order, and stands at the end', async () => {
    const clock = manualClock(100)
    const stops: number[] = []
    const dues = [150, 120, 400]
    const detach = clock.attach({
      settled: async () => undefined,
      nextDueAt: async () => dues.filter((due) => due > clock.now()).sort((a, b) => a - b)[0],
      runDue: async () => void stops.push(clock.now()),
    })
    await clock.advance(100)
    expect([...new Set(stops)]).toEqual([100, 120, 150, 200])
    expect(clock.now()).toBe(200)
    detach()
    await clock.advance(1_000)
    expect(stops.at(-1)).toBe(200)
  })

  it('moves asked for at once happen one after another', async () => {
    const machine = createMachine({ initial: 'a', states: { a: { after: { 10: 'b' } }, b: { after: { 10: 'a' } } } })
    const r = await rig(thing(machine))
    await r.create()
    await Promise.all([r.clock.advance(15), r.clock.advance(15), r.clock.advance(15)])
    expect(r.clock.now()).toBe(45)
    expect((await r.history()).map(({ at }) => Date.parse(at))).toEqual([0, 10, 20, 30, 40])
  })

  it('a move that fails does not stop the next', async () => {
    const clock = manualClock(0)
    let isBroken = true
    clock.attach({ settled: async () => undefined, nextDueAt: async () => undefined, runDue: async () => { if (isBroken) throw new Error('broken') } })
    await expect(clock.advance(5)).rejects.toThrow('broken')
    isBroken = false
    await clock.advance(5)
    expect(clock.now()).toBe(5)
  })

  it('the sandbox clock runs by itself, and ahead by what it was moved', async () => {
    vi.useFakeTimers({ now: 1_000 })
    const clock = sandboxClock()
    expect(clock.now()).toBe(1_000)
    await clock.advance(DAY)
    expect(clock.now()).toBe(1_000 + DAY)
    const woken = vi.fn()
    clock.wakeAt(1_000 + DAY + 50, woken)
    vi.advanceTimersByTime(49)
    expect(woken).not.toHaveBeenCalled()
    vi.advanceTimersByTime(1)
    expect(woken).toHaveBeenCalledTimes(1)
    expect(clock.now()).toBe(1_050 + DAY)
  })
})
