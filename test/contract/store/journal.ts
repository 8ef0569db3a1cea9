/** Facts by time, as the journal has them. */
import { expect, it } from 'vitest'
import { addressKey } from '../../../runtime/model/address.ts'
import type { JournalCursor } from '../../../runtime/ports/store.ts'
import { address, batch, commit, journalRow, T0, unique } from '../../support/store-fixtures.ts'
import type { Subject } from './subject.ts'

export function journalCases(subject: Subject): void {
  it('gives the facts of a tenant from a moment on, by time and in order per actor, page by page', async () => {
    const { store } = subject()
    const tenant = `t${unique()}`
    const [a, b, stranger] = [address('a', 'lamp', tenant), address('b', 'fan', tenant), address('c', 'lamp', `${tenant}x`)]
    const row = (at: typeof a, seq: number, time: number, facts: number) =>
      journalRow(at, seq, { at: T0 + time, facts: facts === 0 ? null : JSON.stringify([...Array(facts).keys()].map((n) => ({ key: `${addressKey(at)}/${seq}/${n}`, type: 'turned', watts: n }))) })
    await store.commit(batch(commit(a, 0, { journal: [row(a, 1, 10, 1), row(a, 2, 20, 2), row(a, 3, 20, 1)] }), commit(b, 0, { journal: [row(b, 1, 20, 1), row(b, 2, 30, 0)] }), commit(stranger, 0, { journal: [row(stranger, 1, 20, 1)] })))

    const keys: string[] = []
    let after: JournalCursor | undefined
    do {
      const page = await store.journaledFacts({ tenant, from: T0 + 15, after, limit: 1 })
      keys.push(...page.facts.map(({ key }) => key))
      after = page.next
    } while (after !== undefined)
    expect(keys).toEqual(['fan/b/1/0', 'lamp/a/2/0', 'lamp/a/2/1', 'lamp/a/3/0'].map((key) => `${tenant}/${key}`))

    const { facts, next } = await store.journaledFacts({ tenant, from: 0, types: ['fan'], limit: 10 })
    expect(next).toBeUndefined()
    expect(facts).toEqual([{ key: `${tenant}/fan/b/1/0`, address: b, seq: 1, type: 'turned', data: { watts: 0 }, at: T0 + 20, correlationId: 'c1', causationId: `${addressKey(b)}#1` }])
  })
}
