import { beforeEach, expect, it } from 'vitest'
import { addressKey, type Address } from '../../../runtime/model/address.ts'
import type { RowSet } from '../../../runtime/model/records.ts'
import { address, batch, commit, failure, journalRow } from '../../support/store-fixtures.ts'
import type { Subject } from './subject.ts'

const check = (username: string, ...rows: [attribute: string, value: string][]): RowSet => ({
  table: 'radius.radcheck',
  key: { username },
  rows: rows.map(([attribute, value]) => ({ username, attribute, op: ':=', value })),
})

const prompt = (phone: string, paymentId: string | undefined): RowSet => ({
  table: 'business.open_prompts',
  key: { tenant: 'main', phone },
  rows: paymentId === undefined ? [] : [{ tenant: 'main', phone, payment_id: paymentId }],
})

export function rowCases(subject: Subject): void {
  beforeEach(() => subject().clear())

  const radcheck = async (): Promise<string[]> =>
    (await subject().rowsOf('radius.radcheck')).map((row) => [row['username'], row['attribute'], row['op'], row['value']].join(' ')).sort()

  it('R1: makes the rows of a key exactly these, with the step', async () => {
    const { store } = subject()
    const at = address()
    const odd = `it's "odd" \u001e \\ 🙂`
    await store.commit(batch(commit(at, 0, { rows: [check('ann', ['Cleartext-Password', odd], ['Expiration', 'x']), check('ben', ['Expiration', 'y'])] })))
    expect(await radcheck()).toEqual([`ann Cleartext-Password := ${odd}`, 'ann Expiration := x', 'ben Expiration := y'].sort())
    await store.commit(batch(commit(at, 1, { rows: [check('ann', ['Expiration', 'z'])] })))
    expect(await radcheck()).toEqual(['ann Expiration := z', 'ben Expiration := y'])
    await store.commit(batch(commit(at, 2, { rows: [check('ann'), check('ben'), check('nobody')] })))
    expect(await radcheck()).toEqual([])
  })

  it('takes the later of two sets of one key, and sets of other keys in order', async () => {
    const { store } = subject()
    const at = address()
    await store.commit(batch(commit(at, 0, { rows: [check('ann', ['A', '1']), check('ann', ['B', '2'])] })))
    expect(await radcheck()).toEqual(['ann B := 2'])
    const narrow: RowSet = { table: 'radius.radcheck', key: { username: 'ann', attribute: 'B' }, rows: [{ username: 'ann', attribute: 'B', op: '==', value: '3' }] }
    await store.commit(batch(commit(at, 1, { rows: [check('ann', ['A', '1'], ['B', '2']), narrow] })))
    expect(await radcheck()).toEqual(['ann A := 1', 'ann B == 3'])
  })

  it('writes no row of a batch that is refused', async () => {
    const { store } = subject()
    const [at, other] = [address(), address()]
    await store.commit(batch(commit(at, 0)))
    await failure(store.commit(batch(commit(other, 0, { rows: [check('ann', ['A', '1'])] }), commit(at, 0, { journal: [journalRow(at, 1, { eventId: 'x' })] }))))
    expect(await radcheck()).toEqual([])
    expect((await store.load([other])).size).toBe(0)
  })

  it('refuses what breaks a unique key of a table, with all of the step', async () => {
    const { store } = subject()
    const [first, second] = [address(), address()]
    const claim = (at: Address, seq: number) => store.commit(batch(commit(at, seq, { rows: [{ table: 'business.open_prompts', key: { tenant: 'main', payment_id: at.id }, rows: [{ tenant: 'main', phone: '2547', payment_id: at.id }] }] })))
    await claim(first, 0)
    const error = await failure(claim(second, 0))
    expect(error).toMatchObject({ name: 'UniqueKeyError', code: '23505', table: 'business.open_prompts' })
    expect(await store.findRow('business.open_prompts', { tenant: 'main', phone: '2547' })).toMatchObject({ payment_id: first.id })
    expect(await store.findRow('business.open_prompts', { tenant: 'other', phone: '2547' })).toBeUndefined()
    expect((await store.load([second])).size).toBe(0)
    await claim(first, 1)
    await store.commit(batch(commit(first, 2, { rows: [prompt('2547', undefined)] })))
    await claim(second, 0)
    expect(await subject().rowsOf('business.open_prompts')).toEqual([{ tenant: 'main', phone: '2547', payment_id: second.id }])
  })

  it('finds actors by identifiers and forgets those that an actor has no more', async () => {
    const { store } = subject()
    const [at, other] = [address('x1'), address('x2')]
    const phone = { kind: 'phone', value: '254700' }
    const name = { kind: 'name', value: 'zoë 🙂' }
    await store.commit(batch(commit(at, 0, { identifiers: [phone, name, phone] }), commit(other, 0, { identifiers: [phone] })))
    expect(await store.search('main', ['254700', 'zoë 🙂', 'none'], 10)).toEqual([
      { identifier: phone, address: at },
      { identifier: phone, address: other },
      { identifier: name, address: at },
    ])
    expect(await store.search('main', ['254700'], 1)).toHaveLength(1)
    expect(await store.search('other', ['254700'], 10)).toEqual([])
    expect(await store.search('main', [], 10)).toEqual([])
    // Unchanged when not said; replaced as a whole when said; of that actor only.
    await store.commit(batch(commit(at, 1)))
    const mac = { kind: 'mac', value: 'aa' }
    await store.commit(batch(commit(at, 2, { identifiers: [phone, mac] })))
    expect((await store.search('main', ['254700', 'zoë 🙂', 'aa'], 10)).map(({ identifier, address: found }) => `${identifier.kind} ${addressKey(found)}`)).toEqual([
      'phone main/lamp/x1',
      'phone main/lamp/x2',
      'mac main/lamp/x1',
    ])
    await store.commit(batch(commit(at, 3, { identifiers: [] })))
    expect((await store.search('main', ['254700', 'aa'], 10)).map(({ address: found }) => found.id)).toEqual(['x2'])
  })
}
