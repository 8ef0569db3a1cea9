import { beforeEach, expect, it } from 'vitest'
import { addressKey } from '../../../runtime/model/address.ts'
import { ConflictError, DuplicateEventError } from '../../../runtime/ports/store.ts'
import { InvalidBatchError } from '../../../runtime/store/batch-rules.ts'
import { actor, address, batch, commit, effect, failure, journalRow, message, parkedRow, T0, timer, unique } from '../../support/store-fixtures.ts'
import type { Subject } from './subject.ts'

export function commitCases(subject: Subject): void {
  beforeEach(() => subject().clear())

  it('gives back an actor as it was written, text for text', async () => {
    const { store } = subject()
    const at = address()
    const next = actor(at, 1, {
      version: '2.0-β',
      status: 'done',
      hold: '{"reason":"staff","at":1}',
      value: '{"z":{"b":"1","a":"2"},"a":"x"}',
      context: JSON.stringify({ quote: `"'\\`, newline: '\n', separators: '\u001e\u001f\u001d', name: 'Zoë 🙂 Ωμέγα', empty: '', nested: [[], {}] }),
      history: '{"h":["a","b"]}',
      children: '{"c":{"kind":"effect","src":"charge","key":"k"}}',
      output: '5',
      error: 'null',
      states: ['z', 'z.b'],
      tags: ['open', 'needs staff, "soon"'],
      parent: JSON.stringify({ address: at, childId: 'c' }),
      createdAt: T0 + 123,
      updatedAt: T0 + 456,
    })
    await store.commit(batch(commit(at, 0, { next })))
    const loaded = (await store.load([at])).get(addressKey(at))
    expect(loaded).toEqual({ actor: next, timers: [] })
  })

  it('writes empty texts and lists as such, alone and among others', async () => {
    const { store } = subject()
    const bare = { next: { states: [], tags: [], version: '' } }
    const [alone, first, second] = [address(), address(), address()]
    const row = { source: '', correlationId: '', causationId: '', eventType: '' }
    await store.commit(batch(commit(alone, 0, { ...bare, journal: [journalRow(alone, 1, row)] })))
    await store.commit(batch(commit(first, 0, { ...bare, journal: [journalRow(first, 1, row)] }), commit(second, 0, { next: { tags: ['a'] } })))
    const found = await store.load([alone, first, second])
    expect(found.get(addressKey(alone))?.actor).toMatchObject({ states: [], tags: [], version: '' })
    expect(found.get(addressKey(first))?.actor).toMatchObject({ states: [], tags: [], version: '' })
    expect(found.get(addressKey(second))?.actor).toMatchObject({ tags: ['a'], version: '1' })
    expect((await store.history(alone, { limit: 1, order: 'asc' }))[0]).toMatchObject({ source: '', correlationId: '', eventType: '' })
    expect((await store.history(first, { limit: 1, order: 'asc' }))[0]).toMatchObject(row)
  })

  it('leaves unknown addresses out of what it loads', async () => {
    const { store } = subject()
    const at = address()
    await store.commit(batch(commit(at, 0)))
    expect([...(await store.load([address('nobody'), at, { ...at, tenant: 'other' }])).keys()]).toEqual([addressKey(at)])
    expect((await store.load([])).size).toBe(0)
  })

  it('writes folded steps of one actor and steps of many', async () => {
    const { store } = subject()
    const actors = Array.from({ length: 300 }, () => address())
    await store.commit(batch(...actors.map((at) => commit(at, 0))))
    await store.commit(batch(...actors.map((at) => commit(at, 1, { journal: [journalRow(at, 2), journalRow(at, 3)] }))))
    const loaded = await store.load(actors)
    expect([...loaded.values()].map(({ actor: { seq } }) => seq)).toEqual(actors.map(() => 3))
    const [one] = actors
    expect((await store.history(one ?? address(), { limit: 10, order: 'desc' })).map(({ seq }) => seq)).toEqual([3, 2, 1])
  })

  it('changes an existing actor in every column that a step can change', async () => {
    const { store } = subject()
    const at = address()
    await store.commit(batch(commit(at, 0, { next: { hold: '{"reason":"x","at":1}', parent: '{"childId":"c"}', children: '{}' } })))
    const next = actor(at, 2, { version: '2', status: 'error', value: '"end"', context: '{}', error: '{"message":"no"}', states: ['end'], tags: ['t'], parent: '{"childId":"c"}' })
    await store.commit(batch(commit(at, 1, { next })))
    expect((await store.load([at])).get(addressKey(at))?.actor).toEqual(next)
  })

  it('R2: refuses a batch in which one actor of several has moved on, and writes nothing of it', async () => {
    const { store } = subject()
    const [known, moved, fresh] = [address(), address(), address()]
    await store.commit(batch(commit(known, 0), commit(moved, 0)))
    await store.commit(batch(commit(moved, 1)))
    const attempt = {
      actors: [
        commit(known, 1, { timersSet: [timer('t', T0)], outbox: [message(known, 2)], effectsAdded: [effect(known, 0)] }),
        commit(moved, 1, { journal: [journalRow(moved, 2, { eventId: 'other' })] }),
        commit(fresh, 0, { parked: [parkedRow(fresh)], identifiers: [{ kind: 'phone', value: '254700' }] }),
      ],
      relayed: [],
    }
    const error = await failure(store.commit(attempt))
    expect(error).toBeInstanceOf(ConflictError)
    expect((error as ConflictError).addresses).toEqual([moved])
    const after = await store.load([known, moved, fresh])
    expect([...after.values()].map(({ actor: { seq }, timers }) => [seq, timers.length])).toEqual([
      [1, 0],
      [2, 0],
    ])
    expect(await store.unsentOutbox({ afterPosition: 0, limit: 10 })).toEqual([])
    expect(await store.listEffects({ limit: 10 })).toEqual([])
    expect(await store.listParked({ limit: 10 })).toEqual([])
    expect(await store.search('main', ['254700'], 10)).toEqual([])
    expect(await store.history(known, { limit: 10, order: 'asc' })).toHaveLength(1)
  })

  it('R2: refuses to make an actor that exists, and to change one that does not', async () => {
    const { store } = subject()
    const [known, unknown] = [address(), address()]
    await store.commit(batch(commit(known, 0)))
    const again = await failure(store.commit(batch(commit(known, 0, { journal: [journalRow(known, 1, { eventId: 'again' })] }))))
    expect(again).toBeInstanceOf(ConflictError)
    expect((again as ConflictError).addresses).toEqual([known])
    const ghost = await failure(store.commit(batch(commit(unknown, 4))))
    expect((ghost as ConflictError).addresses).toEqual([unknown])
  })

  it('R2: of commits at once on one actor exactly one wins', async () => {
    const { store } = subject()
    const at = address()
    await store.commit(batch(commit(at, 0)))
    for (let seq = 1; seq <= 10; seq++) {
      const attempts = Array.from({ length: 6 }, (_, index) =>
        store.commit(batch(commit(at, seq, { journal: [journalRow(at, seq + 1, { eventId: `${seq}.${index}` })], next: { context: `{"by":${index}}` } }))),
      )
      const outcomes = await Promise.allSettled(attempts)
      expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
      for (const outcome of outcomes) if (outcome.status === 'rejected') expect(outcome.reason).toBeInstanceOf(ConflictError)
      const winner = outcomes.findIndex(({ status }) => status === 'fulfilled')
      expect((await store.load([at])).get(addressKey(at))?.actor).toMatchObject({ seq: seq + 1, context: `{"by":${winner}}` })
    }
  })

  it('R2: of several makers of one actor at once exactly one wins', async () => {
    const { store } = subject()
    const at = address()
    const outcomes = await Promise.allSettled(Array.from({ length: 6 }, () => store.commit(batch(commit(at, 0, { journal: [journalRow(at, 1, { eventId: `e${unique()}` })] })))))
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
    expect(await store.history(at, { limit: 10, order: 'asc' })).toHaveLength(1)
  })

  it('R3: refuses an event id that the journal holds, names it, and writes nothing', async () => {
    const { store } = subject()
    const [at, other] = [address(), address()]
    await store.commit(batch(commit(at, 0, { journal: [journalRow(at, 1, { eventId: 'pay-1' })] })))
    await store.commit(batch(commit(at, 1)))
    const error = await failure(store.commit(batch(commit(other, 0), commit(at, 2, { journal: [journalRow(at, 3, { eventId: 'new' }), journalRow(at, 4, { eventId: 'pay-1' })] }))))
    expect(error).toBeInstanceOf(DuplicateEventError)
    expect((error as DuplicateEventError).events).toEqual([{ address: at, eventId: 'pay-1' }])
    expect((await store.load([at, other])).size).toBe(1)
  })

  it('R3: refuses one event id twice in a batch, but takes it for two actors', async () => {
    const { store } = subject()
    const [at, other] = [address(), address()]
    const twice = commit(at, 0, { journal: [journalRow(at, 1, { eventId: 'e' }), journalRow(at, 2, { eventId: 'e' })] })
    expect(await failure(store.commit(batch(twice)))).toBeInstanceOf(DuplicateEventError)
    await store.commit(batch(commit(at, 0, { journal: [journalRow(at, 1, { eventId: 'e' })] }), commit(other, 0, { journal: [journalRow(other, 1, { eventId: 'e' })] })))
  })

  it('R3: does not fence ids that were made for one delivery', async () => {
    const { store } = subject()
    const at = address()
    const row = { eventId: 'tick', fresh: true }
    await store.commit(batch(commit(at, 0, { journal: [journalRow(at, 1, row), journalRow(at, 2, row)] })))
    await store.commit(batch(commit(at, 2, { journal: [journalRow(at, 3, row)] })))
    // But after a commit whose outcome was lost they can be found.
    expect((await store.findEvents([{ address: at, eventId: 'tick' }])).map(({ row: { seq } }) => seq)).toEqual([3])
  })

  it('finds the rows of known event ids and only of the actor asked for', async () => {
    const { store } = subject()
    const [at, other] = [address(), address()]
    const row = journalRow(at, 1, { eventId: 'e1', facts: '[{"key":"k"}]', effects: '[{"key":"k","name":"n"}]', timers: '[{"id":"t","cancelled":true}]', causationId: 'x', from: null })
    await store.commit(batch(commit(at, 0, { journal: [row] }), commit(other, 0)))
    const found = await store.findEvents([{ address: at, eventId: 'e1' }, { address: at, eventId: 'e2' }, { address: other, eventId: 'e1' }])
    expect(found).toEqual([{ address: at, row }])
    expect(await store.findEvents([])).toEqual([])
  })

  it('pages through history both ways', async () => {
    const { store } = subject()
    const at = address()
    await store.commit(batch(commit(at, 0, { journal: [1, 2, 3, 4, 5].map((seq) => journalRow(at, seq)) })))
    const seqs = async (order: 'asc' | 'desc', afterSeq?: number): Promise<number[]> => (await store.history(at, { limit: 2, order, afterSeq })).map(({ seq }) => seq)
    expect(await seqs('asc')).toEqual([1, 2])
    expect(await seqs('asc', 2)).toEqual([3, 4])
    expect(await seqs('desc')).toEqual([5, 4])
    expect(await seqs('desc', 4)).toEqual([3, 2])
    expect(await seqs('desc', 1)).toEqual([])
    expect(await store.history(address('nobody'), { limit: 2, order: 'asc' })).toEqual([])
  })

  it('refuses a batch that breaks its own rules before anything is written', async () => {
    const { store } = subject()
    const at = address()
    const broken = [
      batch(commit(at, 0), commit(at, 0)),
      batch({ ...commit(at, 0), next: actor(at, 3) }),
      batch(commit(at, 0, { journal: [journalRow(at, 2)] })),
      batch(commit(at, 0, { timersSet: [timer('t', T0)], timersCleared: ['t'] })),
      batch(commit(at, 0, { timersSet: [timer('t', T0), timer('t', T0 + 1)] })),
    ]
    for (const each of broken) expect(await failure(store.commit(each))).toBeInstanceOf(InvalidBatchError)
    expect((await store.load([at])).size).toBe(0)
  })

  it('takes an empty batch', async () => {
    await subject().store.commit({ actors: [], relayed: [] })
  })
}
