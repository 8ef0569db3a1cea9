import { beforeEach, expect, it } from 'vitest'
import { address, batch, commit, message, T0 } from '../../support/store-fixtures.ts'
import type { Subject } from './subject.ts'

export function outboxCases(subject: Subject): void {
  beforeEach(() => subject().clear())

  it('keeps messages in order until they are relayed, with a later commit or alone', async () => {
    const { store } = subject()
    const at = address()
    const rows = [message(at, 1, 0), message(at, 1, 1, { kind: 'mail' }), message(at, 1, 2)]
    await store.commit(batch(commit(at, 0, { outbox: rows })))
    const unsent = await store.unsentOutbox({ afterPosition: 0, limit: 10 })
    expect(unsent.map(({ position: _, ...row }) => row)).toEqual(rows)
    expect(await store.unsentOutbox({ afterPosition: unsent[0]?.position ?? 0, limit: 1 })).toEqual([unsent[1]])

    await store.commit({ actors: [commit(at, 1, { outbox: [message(at, 2)] })], relayed: [message(at, 1, 0).key, 'gone'] })
    await store.commit({ actors: [], relayed: [message(at, 1, 1).key] })
    await store.removeOutbox([message(at, 1, 2).key, 'gone'])
    await store.removeOutbox([])
    expect((await store.unsentOutbox({ afterPosition: 0, limit: 10 })).map(({ key }) => key)).toEqual([message(at, 2).key])
  })

  it('knows its backlog', async () => {
    const { store } = subject()
    const at = address()
    expect(await store.outboxBacklog()).toEqual({ count: 0, oldestAt: undefined })
    await store.commit(batch(commit(at, 0, { outbox: [message(at, 1), message(at, 1, 1)], next: { updatedAt: T0 + 5 } })))
    await store.commit(batch(commit(at, 1, { outbox: [message(at, 2)], next: { updatedAt: T0 + 9 } })))
    expect(await store.outboxBacklog()).toEqual({ count: 3, oldestAt: T0 + 5 })
  })

  it('gives the rows of the slices asked for', async () => {
    const { store } = subject()
    const at = address()
    await store.commit(batch(commit(at, 0, { outbox: [message(at, 1)] })))
    const { slice } = message(at, 1)
    expect(await store.unsentOutbox({ afterPosition: 0, limit: 10, slices: [slice] })).toHaveLength(1)
    expect(await store.unsentOutbox({ afterPosition: 0, limit: 10, slices: [(slice + 1) % 64] })).toEqual([])
  })

  it('R4: knows what of some senders has not left', async () => {
    const { store } = subject()
    const [one, other, none] = [address('s'), address('s', 'lamps'), address('s0')]
    await store.commit(batch(commit(one, 0, { outbox: [message(one, 1, 0), message(one, 1, 1)] }), commit(other, 0, { outbox: [message(other, 1)] })))
    expect((await store.unsentOf([one, none])).sort()).toEqual([message(one, 1, 0).key, message(one, 1, 1).key])
    await store.removeOutbox([message(one, 1, 0).key])
    expect(await store.unsentOf([one])).toEqual([message(one, 1, 1).key])
    expect(await store.unsentOf([])).toEqual([])
  })

  it('R4: numbers the messages of each sender in the order of its commits, whatever is committed beside', async () => {
    const { store } = subject()
    const senders = Array.from({ length: 8 }, () => address())
    await Promise.all(
      senders.map(async (at) => {
        for (let seq = 1; seq <= 15; seq++) await store.commit(batch(commit(at, seq - 1, { outbox: [message(at, seq, 0), message(at, seq, 1)] })))
      }),
    )
    const rows = await store.unsentOutbox({ afterPosition: 0, limit: 1000 })
    expect(rows.map(({ position }) => position)).toEqual(rows.map(({ position }) => position).sort((a, b) => a - b))
    for (const at of senders) {
      const own = rows.filter(({ sender }) => sender.id === at.id).map(({ key }) => key)
      expect(own).toEqual(Array.from({ length: 15 }, (_, i) => [message(at, i + 1, 0).key, message(at, i + 1, 1).key]).flat())
    }
  })
}
