/** R2, R3, R4, R5: many senders at once, and crashes at any moment; in what order is chance, what must hold is not. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { crowd } from './crowd.ts'
import type { Gathered } from './crowd.ts'
import { faults } from './faults.ts'
import { check, TIMEOUT_MS } from './runs.ts'

const event = fc.record({ to: fc.nat({ max: 2 }), then: fc.nat({ max: 2 }), withId: fc.boolean() })
const senders = fc.array(fc.array(event, { minLength: 1, maxLength: 6, size: 'max' }), { minLength: 1, maxLength: 5, size: 'max' })

function ascending(numbers: readonly number[]): boolean {
  return numbers.every((n, i) => i === 0 || n > (numbers[i - 1] as number))
}

/** What holds of every run, whatever went wrong in it. */
function expectSound({ sent, tallies, journals, mails, facts, effectKeys, calls, published, leftover, zombies }: Gathered, processes: number): void {
  expect(leftover).toEqual([])
  expect(zombies).toEqual([])
  for (const [id, rows] of Object.entries(journals)) {
    expect(rows.map(({ seq }) => seq)).toEqual(rows.map((_row, i) => i + 1))
    const added = Object.entries(tallies[id]?.added ?? {}).flatMap(([by, list]) => list.map((n) => `${by}-${n}`))
    const mine = sent.filter(({ actor }) => actor === id)
    const certain = mine.filter(({ answer, eventId }) => answer !== undefined || eventId !== undefined).map(({ sender, n }) => `${sender}-${n}`)
    // R3: what was answered was applied, and nothing twice; what was never answered at most once.
    expect(new Set(added).size).toBe(added.length)
    expect(mine.map(({ sender, n }) => `${sender}-${n}`)).toEqual(expect.arrayContaining(added))
    expect(added).toEqual(expect.arrayContaining(certain))
    expect(rows.filter((row) => row.eventType === 'add' && row.outcome === 'applied')).toHaveLength(added.length)
    // R4: in the order of each sender, here and through others.
    for (const list of Object.values(tallies[id]?.added ?? {})) expect(list).toSatisfy(ascending)
    // The journal names the row that the sender was told.
    for (const { answer, eventId, sender, n } of mine) {
      if (answer === undefined) continue
      const row = rows[answer.seq - 1]
      expect(row?.event).toBe(JSON.stringify({ type: 'add', by: sender, n, to: mine.find((one) => one.sender === sender && one.n === n)?.then }))
      if (eventId !== undefined) expect(row?.eventId).toBe(eventId)
    }
    // Each invocation has one result; each ring of the bell one row.
    const results = rows.filter((row) => row.source === 'effect:ask' && row.outcome === 'applied')
    expect(new Set(results.map(({ eventId }) => eventId)).size).toBe(results.length)
    expect(tallies[id]?.results).toBe(results.length)
    // Two processes may both make a call (R5) and both bring its result; the second is dropped, and only there.
    if (processes === 1) expect(rows.filter((row) => row.outcome === 'dropped')).toEqual([])
    const rings = rows.filter((row) => row.source === 'timer')
    expect(tallies[id]?.rung).toBe(rings.length)
    expect(new Set(rings.map(({ eventId }) => eventId)).size).toBe(rings.length)
    // R4: mail of one actor arrives in the order it was written in, each piece once.
    const arrived = rows.filter((row) => row.source.startsWith('actor:'))
    expect(arrived.map((row) => row.eventId).sort()).toEqual(mails.filter(({ to }) => to.id === id).map(({ key }) => key).sort())
    // Each process carries what it has committed itself; only the owner of a slice keeps the order.
    if (processes > 1) continue
    for (const sender of new Set(arrived.map(({ source }) => source))) {
      expect(arrived.filter(({ source }) => source === sender).map((row) => Number(row.eventId.split('/').at(-2)))).toSatisfy(ascending)
    }
  }
  // R5: every effect reaches the outside, every fact the bus.
  expect([...calls.keys()].sort()).toEqual([...effectKeys].sort())
  expect([...published.keys()].sort()).toEqual(facts.map(({ key }) => key).sort())
}

describe('many senders at once', () => {
  it(
    'lose and double nothing over crashes',
    async () => {
      const property = fc.asyncProperty(senders, faults(8), fc.constantFrom(1, 10_000), async (list, plan, hotActors) => {
        const { siteCalls } = await crowd({ senders: list, faults: [] }, { processes: 1, hotActors })
        expectSound(await crowd({ senders: list, faults: plan }, { processes: 1, hotActors, within: siteCalls }), 1)
      })
      await check(property, 80)
    },
    TIMEOUT_MS,
  )

  it(
    'lose and double nothing when two processes work on the same actors',
    async () => {
      const property = fc.asyncProperty(senders, async (list) => {
        const gathered = await crowd({ senders: list, faults: [] }, { processes: 2 })
        expectSound(gathered, 2)
      })
      await check(property, 80)
    },
    TIMEOUT_MS,
  )

  it(
    'lose and double nothing when two processes work on the same actors and crash',
    async () => {
      const property = fc.asyncProperty(senders, faults(6), async (list, plan) => {
        const { siteCalls } = await crowd({ senders: list, faults: [] }, { processes: 2 })
        expectSound(await crowd({ senders: list, faults: plan }, { processes: 2, within: siteCalls }), 2)
      })
      await check(property, 60)
    },
    TIMEOUT_MS,
  )
})
