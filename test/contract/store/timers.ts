import { beforeEach, expect, it } from 'vitest'
import { addressKey } from '../../../runtime/model/address.ts'
import type { DueTimer } from '../../../runtime/model/records.ts'
import { address, batch, commit, effect, T0, timer } from '../../support/store-fixtures.ts'
import type { Subject } from './subject.ts'

const HOLD = '{"reason":"poison","at":1}'

export function timerCases(subject: Subject): void {
  beforeEach(() => subject().clear())

  it('arms, moves and clears with the step', async () => {
    const { store } = subject()
    const at = address()
    const timersOf = async () => (await store.load([at])).get(addressKey(at))?.timers
    await store.commit(batch(commit(at, 0, { timersSet: [timer('b', T0 + 5), timer('a', T0 + 5), timer('c', T0 + 1)] })))
    expect(await timersOf()).toEqual([timer('c', T0 + 1), timer('a', T0 + 5), timer('b', T0 + 5)])
    const moved = timer('a', T0 + 9, { armedSeq: 2, armedAt: T0 + 3, action: '{"do":"raise","event":{"type":"later"}}' })
    await store.commit(batch(commit(at, 1, { timersSet: [moved, timer('d', T0 + 20)], timersCleared: ['b', 'never-armed'] })))
    expect(await timersOf()).toEqual([timer('c', T0 + 1), moved, timer('d', T0 + 20)])
    expect((await store.dueTimers({ until: T0 + 100, limit: 10 })).map(({ id }) => id)).toEqual(['c', 'a', 'd'])
  })

  it('R6: gives due timers in due order, ties by address and id, page by page', async () => {
    const { store } = subject()
    const places = [address('b', 'lamp'), address('a', 'lamp'), address('a', 'fan'), address('B', 'lamp'), address('a', 'lamp', 'other')]
    await store.commit(batch(...places.map((at) => commit(at, 0, { timersSet: [timer('t2', T0 + 10), timer('t1', T0 + 10), timer('early', T0 + 9), timer('later', T0 + 11)] }))))
    const expected = [
      ...['main/fan/a', 'main/lamp/B', 'main/lamp/a', 'main/lamp/b', 'other/lamp/a'].map((key) => `${key} early`),
      ...['main/fan/a', 'main/lamp/B', 'main/lamp/a', 'main/lamp/b', 'other/lamp/a'].flatMap((key) => [`${key} t1`, `${key} t2`]),
    ]
    expect((await store.dueTimers({ until: T0 + 10, limit: 100 })).map(nameOf)).toEqual(expected)

    const paged: string[] = []
    let after: DueTimer | undefined
    do {
      const page = await store.dueTimers({ until: T0 + 10, limit: 4, after })
      paged.push(...page.map(nameOf))
      after = page.at(-1)
    } while (after !== undefined)
    expect(paged).toEqual(expected)
  })

  it('gives whole due timers, of the slices asked for', async () => {
    const { store } = subject()
    const [first, second] = [address(), address()]
    await store.commit(batch(commit(first, 0, { next: { slice: 1 }, timersSet: [timer('t', T0)] }), commit(second, 0, { next: { slice: 2 }, timersSet: [timer('t', T0)] })))
    expect(await store.dueTimers({ until: T0, limit: 10, slices: [2, 3] })).toEqual([{ ...timer('t', T0), address: second, slice: 2 }])
    expect(await store.dueTimers({ until: T0, limit: 10, slices: [] })).toEqual([])
    const [one] = await store.dueTimers({ until: T0, limit: 1, slices: [1, 2] })
    expect(await store.dueTimers({ until: T0, limit: 10, slices: [1, 2], after: one })).toHaveLength(1)
    expect(await store.dueTimers({ until: T0 - 1, limit: 10 })).toEqual([])
  })

  it('knows the next due moment over timers and waiting effects', async () => {
    const { store } = subject()
    const at = address()
    expect(await store.nextDueAt()).toBeUndefined()
    await store.commit(batch(commit(at, 0, { timersSet: [timer('t', T0 + 50), timer('u', T0 + 40)] })))
    expect(await store.nextDueAt()).toBe(T0 + 40)
    await store.commit(batch(commit(at, 1, { effectsAdded: [effect(at, 0, { status: 'retrying', nextAttemptAt: T0 + 30 })] })))
    expect(await store.nextDueAt()).toBe(T0 + 30)
    // One that runs is waited for, not woken for.
    await store.progressEffects([{ key: effect(at, 0).key, status: 'running', attempts: 1, nextAttemptAt: T0 + 30, lastError: null }])
    expect(await store.nextDueAt()).toBe(T0 + 40)
    await store.progressEffects([{ key: effect(at, 0).key, status: 'failed', attempts: 1, nextAttemptAt: T0 + 30, lastError: '{}' }])
    expect(await store.nextDueAt()).toBe(T0 + 40)
  })

  it('R7: does not count what a held actor waits for', async () => {
    const { store } = subject()
    const [held, free] = [address(), address()]
    const waiting = { timersSet: [timer('t', T0 + 1)], effectsAdded: [effect(held, 0, { nextAttemptAt: T0 + 2 })] }
    await store.commit(batch(commit(held, 0, { ...waiting, next: { hold: HOLD } }), commit(free, 0, { timersSet: [timer('t', T0 + 9)] })))
    expect(await store.nextDueAt()).toBe(T0 + 9)
    await store.commit(batch(commit(held, 1)))
    expect(await store.nextDueAt()).toBe(T0 + 1)
  })

  it('takes times from long ago to far ahead', async () => {
    const { store } = subject()
    const at = address()
    const times = [0, 1, 86_400_000 * 400, T0 + 999, Date.UTC(9999, 11, 31, 23, 59, 59, 999)]
    await store.commit(batch(commit(at, 0, { timersSet: times.map((dueAt, index) => timer(`t${index}`, dueAt)), next: { createdAt: 0, updatedAt: 0 } })))
    expect((await store.load([at])).get(addressKey(at))?.timers.map(({ dueAt }) => dueAt)).toEqual(times)
    expect(await store.nextDueAt()).toBe(0)
  })
}

function nameOf({ address: at, id }: DueTimer): string {
  return `${addressKey(at)} ${id}`
}
