import { beforeEach, expect, it } from 'vitest'
import { address, batch, commit, T0, timer } from '../../support/store-fixtures.ts'
import type { Subject } from './subject.ts'

const HOLD = '{"reason":"staff","at":1}'

export function actorCases(subject: Subject): void {
  beforeEach(() => subject().clear())

  it('lists one type by id, filtered, page by page', async () => {
    const { store } = subject()
    await store.commit(
      batch(
        commit(address('c'), 0, { next: { states: ['on', 'on.bright'], tags: ['x'], updatedAt: T0 + 10 } }),
        commit(address('a'), 0, { next: { states: ['off'], hold: HOLD } }),
        commit(address('B'), 0, { next: { states: ['on'], status: 'done', updatedAt: T0 + 20 } }),
        commit(address('d'), 0, { next: { states: ['failed'], status: 'error' } }),
        commit(address('e', 'fan'), 0),
        commit(address('f', 'lamp', 'other'), 0),
      ),
    )
    const ids = async (query: object = {}) => (await store.list({ tenant: 'main', type: 'lamp', limit: 10, ...query })).map((found) => found.address.id)
    expect(await ids()).toEqual(['B', 'a', 'c', 'd'])
    expect(await ids({ limit: 2 })).toEqual(['B', 'a'])
    expect(await ids({ limit: 2, afterId: 'a' })).toEqual(['c', 'd'])
    expect(await ids({ state: 'on' })).toEqual(['B', 'c'])
    expect(await ids({ state: 'on.bright', tag: 'x' })).toEqual(['c'])
    expect(await ids({ tag: 'y' })).toEqual([])
    expect(await ids({ status: 'active' })).toEqual(['c'])
    expect(await ids({ status: 'blocked' })).toEqual(['a'])
    expect(await ids({ status: 'done' })).toEqual(['B'])
    expect(await ids({ updatedSince: T0 + 10 })).toEqual(['B', 'c'])
    expect(await ids({ tenant: 'other' })).toEqual(['f'])
  })

  it('counts actors by state', async () => {
    const { store } = subject()
    await store.commit(
      batch(
        ...['a', 'b'].map((id) => commit(address(id), 0, { next: { states: ['on', 'on.bright'] } })),
        commit(address('c'), 0, { next: { states: ['on'], hold: HOLD } }),
        commit(address('d', 'fan', 'other'), 0, { next: { states: ['on'], status: 'done' } }),
        commit(address('e'), 0, { next: { states: [] } }),
      ),
    )
    const lamps = [
      { type: 'lamp', state: 'on', status: 'active', count: 2 },
      { type: 'lamp', state: 'on', status: 'blocked', count: 1 },
      { type: 'lamp', state: 'on.bright', status: 'active', count: 2 },
    ]
    expect(await store.stateCounts('main')).toEqual(lamps)
    expect(await store.stateCounts()).toEqual([{ type: 'fan', state: 'on', status: 'done', count: 1 }, ...lamps])
  })

  it('R12: keeps every deployed definition with the moment it came first', async () => {
    const { store } = subject()
    const row = (version: string, deployedAt: number) => ({ type: 'lamp', version, hash: `h${version}`, definition: `{"id":"lamp","v":"${version}"}`, deployedAt })
    await store.saveMachines([row('1', T0), row('2', T0 + 1)])
    await store.saveMachines([row('2', T0 + 9), row('3', T0 + 9)])
    await store.saveMachines([])
    expect(await store.listMachines()).toEqual([row('1', T0), row('2', T0 + 1), row('3', T0 + 9)])
  })

  it('R12: sums up what is stored by shape', async () => {
    const { store } = subject()
    const child = (src: string) => ({ kind: 'effect', src, key: 'k' })
    const children = JSON.stringify({ one: child('notify'), two: child('charge'), three: child('charge') })
    await store.commit(
      batch(
        commit(address('b'), 0, { next: { value: '"on"', children }, timersSet: [timer('t2', T0), timer('t1', T0 + 5)] }),
        commit(address('a'), 0, { next: { value: '"on"', children, context: '{"differs":true}' }, timersSet: [timer('t1', T0 + 9), timer('t2', T0)] }),
        commit(address('c'), 0, { next: { value: '{"z":"1","a":"2"}', history: '{"h":["x"]}', version: '2' } }),
        commit(address('d'), 0, { next: { value: '{"a":"2","z":"1"}', history: '{"h":["x"]}', version: '2' } }),
        commit(address('e', 'fan'), 0, { next: { value: '"on"', status: 'done' } }),
      ),
    )
    const plain = { status: 'active', childSources: [], count: 1 }
    expect(await store.storedShapes()).toEqual([
      { ...plain, type: 'fan', version: '1', status: 'done', value: '"on"', history: null, example: address('e', 'fan') },
      {
        type: 'lamp',
        version: '1',
        status: 'active',
        value: '"on"',
        history: null,
        childSources: ['charge', 'notify'],
        count: 2,
        example: address('a'),
      },
      { ...plain, type: 'lamp', version: '2', value: '{"z":"1","a":"2"}', history: '{"h":["x"]}', example: address('c') },
      { ...plain, type: 'lamp', version: '2', value: '{"a":"2","z":"1"}', history: '{"h":["x"]}', example: address('d') },
    ])
    const on = { type: 'lamp', version: '1', status: 'active', count: 2, example: address('a') }
    expect(await store.storedTimers()).toEqual([
      { ...on, id: 't1', eventType: 'due.t1' },
      { ...on, id: 't2', eventType: 'due.t2' },
    ])
  })
}
