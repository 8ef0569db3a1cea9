/** What the engine relies on in any store. Each case is one promise of `runtime/ports/store.ts`. */
import { afterAll, beforeAll, describe } from 'vitest'
import { actorCases } from './store/actors.ts'
import { commitCases } from './store/commit.ts'
import { effectCases } from './store/effects.ts'
import { journalCases } from './store/journal.ts'
import { leaseCases } from './store/leases.ts'
import { outboxCases } from './store/outbox.ts'
import { parkedCases } from './store/parked.ts'
import { rowCases } from './store/rows.ts'
import type { StoreUnderTest, Subject } from './store/subject.ts'
import { timerCases } from './store/timers.ts'

/** @param make gives a started store; tables `radius.radcheck` and `business.open_prompts` must be writable for projections. */
export function storeContract(name: string, make: () => Promise<StoreUnderTest>): void {
  describe(`store contract: ${name}`, () => {
    let current: StoreUnderTest | undefined
    const subject: Subject = () => {
      if (current === undefined) throw new Error('the store is not made yet')
      return current
    }
    beforeAll(async () => {
      current = await make()
    })
    afterAll(async () => {
      await current?.store.stop()
      await current?.dispose()
    })
    describe('commit', () => commitCases(subject))
    describe('journal', () => journalCases(subject))
    describe('timers', () => timerCases(subject))
    describe('effects', () => effectCases(subject))
    describe('outbox', () => outboxCases(subject))
    describe('leases', () => leaseCases(subject))
    describe('parked events', () => parkedCases(subject))
    describe('rows of projections, identifiers', () => rowCases(subject))
    describe('actors, machines, shapes', () => actorCases(subject))
  })
}
