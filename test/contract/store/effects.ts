import { beforeEach, expect, it } from 'vitest'
import { address, batch, commit, effect, T0 } from '../../support/store-fixtures.ts'
import type { Subject } from './subject.ts'

export function effectCases(subject: Subject): void {
  beforeEach(() => subject().clear())

  it('adds and removes with the step', async () => {
    const { store } = subject()
    const at = address()
    const effects = [effect(at, 0), effect(at, 1, { kind: 'action', childId: null, lane: '', lastError: '{"name":"E"}', correlationId: '' })]
    await store.commit(batch(commit(at, 0, { effectsAdded: effects })))
    expect(await store.listEffects({ limit: 10 })).toEqual(effects)
    await store.commit(batch(commit(at, 1, { effectsRemoved: [effect(at, 0).key, 'never-there'], effectsAdded: [effect(at, 2)] })))
    expect((await store.listEffects({ limit: 10 })).map(({ key }) => key)).toEqual([effect(at, 1).key, effect(at, 2).key])
    await store.removeEffects([effect(at, 1).key, effect(at, 2).key])
    expect(await store.listEffects({ limit: 10 })).toEqual([])
  })

  it('gives those that are due, longest due first, of the lane and slices asked for', async () => {
    const { store } = subject()
    const at = address()
    await store.commit(
      batch(
        commit(at, 0, {
          effectsAdded: [
            effect(at, 0, { lane: 'sms' }),
            effect(at, 1, { status: 'running', nextAttemptAt: T0 - 5 }),
            effect(at, 2, { status: 'retrying', lane: 'sms', nextAttemptAt: T0 - 1 }),
            effect(at, 3, { status: 'failed' }),
            effect(at, 4, { nextAttemptAt: T0 + 1 }),
            effect(at, 5),
          ],
        }),
      ),
    )
    const due = async (query: object = {}) => (await store.dueEffects({ until: T0, limit: 10, ...query })).map(({ key }) => key)
    const keys = (...indexes: number[]) => indexes.map((index) => effect(at, index).key)
    expect(await due()).toEqual(keys(1, 2, 0, 5))
    expect(await due({ limit: 2 })).toEqual(keys(1, 2))
    expect(await due({ lane: 'sms' })).toEqual(keys(2, 0))
    expect(await due({ lane: 'none' })).toEqual([])
    expect(await due({ slices: [effect(at, 0).slice], lane: 'default' })).toEqual(keys(1, 5))
    expect(await due({ slices: [] })).toEqual([])
  })

  it('writes progress, of many at once, and passes over what is gone', async () => {
    const { store } = subject()
    const at = address()
    await store.commit(batch(commit(at, 0, { effectsAdded: [effect(at, 0), effect(at, 1)] })))
    const change = { status: 'retrying' as const, attempts: 2, nextAttemptAt: T0 + 70, lastError: '{"name":"Timeout"}' }
    await store.progressEffects([
      { key: effect(at, 0).key, ...change },
      { key: effect(at, 1).key, ...change, lastError: null },
      { key: 'gone', ...change },
    ])
    expect(await store.listEffects({ limit: 10 })).toEqual([effect(at, 0, change), effect(at, 1, { ...change, lastError: null })])
    await store.progressEffects([])
    await store.removeEffects([])
  })

  it('lists by lane, name and the moment they were asked for', async () => {
    const { store } = subject()
    const at = address('p1', 'lamp', 'lanes')
    await store.commit(batch(commit(at, 0, { effectsAdded: [effect(at, 0), effect(at, 1, { lane: 'sms' }), effect(at, 2, { lane: 'sms', name: 'send' })] })))
    const keys = async (query: object) => (await store.listEffects({ limit: 10, tenant: 'lanes', ...query })).map(({ key }) => key)
    expect(await keys({ lane: 'sms' })).toEqual([effect(at, 1).key, effect(at, 2).key])
    expect(await keys({ lane: 'sms', name: 'charge' })).toEqual([effect(at, 1).key])
    expect(await keys({ since: T0 + 1 })).toEqual([effect(at, 1).key, effect(at, 2).key])
  })

  it('lists by tenant, status and actor, page by page', async () => {
    const { store } = subject()
    const [one, ten, other] = [address('p1'), address('p10'), address('p1', 'lamp', 'other')]
    await store.commit(batch(...[one, ten, other].map((at) => commit(at, 0, { effectsAdded: [effect(at, 0), effect(at, 1, { status: 'failed' })] }))))
    const keys = async (query: object) => (await store.listEffects({ limit: 10, ...query })).map(({ key }) => key)
    expect(await keys({ address: one })).toEqual([effect(one, 0).key, effect(one, 1).key])
    expect(await keys({ tenant: 'other' })).toEqual([effect(other, 0).key, effect(other, 1).key])
    expect(await keys({ status: 'failed', tenant: 'main' })).toEqual([effect(one, 1).key, effect(ten, 1).key])
    expect(await keys({ limit: 1, afterKey: effect(one, 0).key })).toEqual([effect(one, 1).key])
  })
}
