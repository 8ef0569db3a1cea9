import { beforeEach, expect, it } from 'vitest'
import { ParkedElsewhereError } from '../../../runtime/store/batch-rules.ts'
import { address, batch, commit, failure, parkedRow, T0 } from '../../support/store-fixtures.ts'
import type { Subject } from './subject.ts'

export function parkedCases(subject: Subject): void {
  beforeEach(() => subject().clear())

  it('R7: sets events aside with a step and settles them with another', async () => {
    const { store } = subject()
    const at = address()
    const [first, second] = [parkedRow(at, 'e1'), parkedRow(at, 'e2', { kind: 'waiting', error: null, eventType: '' })]
    await store.commit(batch(commit(at, 0, { parked: [first, second] })))
    const stored = await store.listParked({ limit: 10 })
    expect(stored.map(({ position: _, ...row }) => row)).toEqual([first, second])
    expect(await store.findParked('main', 'e2')).toEqual(stored[1])
    await store.commit(batch(commit(at, 1, { unparked: ['e1', 'unknown'] })))
    expect((await store.listParked({ limit: 10 })).map(({ eventId }) => eventId)).toEqual(['e2'])
    await store.setParkedKind('main', 'e2', 'skipped')
    await store.setParkedKind('main', 'unknown', 'skipped')
    expect(await store.findParked('main', 'e2')).toEqual({ ...stored[1], kind: 'skipped' })
    await store.removeParked('main', ['e2', 'unknown'])
    expect(await store.findParked('main', 'e2')).toBeUndefined()
  })

  it('lets an event that is parked again keep its place', async () => {
    const { store } = subject()
    const at = address()
    await store.commit(batch(commit(at, 0, { parked: [parkedRow(at, 'e1', { kind: 'waiting' }), parkedRow(at, 'e2', { kind: 'waiting' })] })))
    await store.commit(batch(commit(at, 1, { parked: [parkedRow(at, 'e1', { kind: 'poison', at: T0 + 5 })], unparked: ['e1'] })))
    expect((await store.listParked({ limit: 10 })).map(({ eventId, kind }) => [eventId, kind])).toEqual([
      ['e1', 'poison'],
      ['e2', 'waiting'],
    ])
  })

  it('parks without an actor; what is parked already stays as it is', async () => {
    const { store } = subject()
    const at = address('nobody')
    const row = parkedRow(at, 'e1', { kind: 'undeliverable' })
    await store.park([row, parkedRow(at, 'e2'), parkedRow(at, 'e2')])
    await store.park([parkedRow(at, 'e1', { kind: 'poison', at: T0 + 9 })])
    await store.park([])
    expect(await store.findParked('main', 'e1')).toMatchObject(row)
    expect(await store.findParked('other', 'e1')).toBeUndefined()
  })

  it('loses no event to another actor that parked one of the same id', async () => {
    const { store } = subject()
    const [at, other] = [address(), address()]
    await store.park([parkedRow(at, 'e1')])
    expect(await failure(store.park([parkedRow(other, 'e1')]))).toBeInstanceOf(ParkedElsewhereError)
    expect(await failure(store.commit(batch(commit(other, 0, { parked: [parkedRow(other, 'e1')] }))))).toBeInstanceOf(ParkedElsewhereError)
    expect((await store.load([other])).size).toBe(0)
    expect(await store.findParked('main', 'e1')).toMatchObject(parkedRow(at, 'e1'))
    await store.park([parkedRow({ ...at, tenant: 'other' }, 'e1')])
  })

  it('lists by tenant, kind and actor, page by page', async () => {
    const { store } = subject()
    const [at, other] = [address(), address(undefined, 'lamp', 'other')]
    await store.park([parkedRow(at, 'e1'), parkedRow(other, 'e2'), parkedRow(at, 'e3', { kind: 'waiting' })])
    const ids = async (query: object) => (await store.listParked({ limit: 10, ...query })).map(({ eventId }) => eventId)
    expect(await ids({ tenant: 'main' })).toEqual(['e1', 'e3'])
    expect(await ids({ kind: 'waiting' })).toEqual(['e3'])
    expect(await ids({ address: other })).toEqual(['e2'])
    const [first] = await store.listParked({ limit: 1 })
    expect(await ids({ afterPosition: first?.position })).toEqual(['e2', 'e3'])
  })
}
