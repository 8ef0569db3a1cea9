/** S12: however the end of the paid time is moved, each reminder comes when its moment does, and again only when its moment lay ahead again. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { answered, begin, contextOf, DAY_MS, elapse, inputOf, iso, outage, payment, serviceOf, tell, told, WEEK, type Life } from '../unit/machines/subscription.fixture.ts'
import { check, TIMEOUT_MS } from './runs.ts'

const MINUTE_MS = 60_000
/** The first lies before the payment: whoever has just paid is not reminded. */
const DISTANCES = [10 * 86_400, 3 * 86_400, 86_400, 3_600]
const PLAN = { ...WEEK, reminderSeconds: DISTANCES }

type Command = { do: 'move'; byMs: number } | { do: 'set'; byMs: number } | { do: 'change'; amount: number } | { do: 'wait'; ms: number } | { do: 'outage'; ms: number }

const small = fc.integer({ min: -120, max: 120 }).map((minutes) => minutes * MINUTE_MS)
const large = fc.integer({ min: -15, max: 15 }).map((days) => days * DAY_MS)
const pause = fc.integer({ min: 1, max: 3 * 24 * 60 }).map((minutes) => minutes * MINUTE_MS)
const command: fc.Arbitrary<Command> = fc.oneof(
  fc.record({ do: fc.constant('move' as const), byMs: fc.oneof(small, large) }),
  fc.record({ do: fc.constant('set' as const), byMs: fc.integer({ min: 1, max: 15 * 24 * 60 }).map((minutes) => minutes * MINUTE_MS) }),
  fc.record({ do: fc.constant('change' as const), amount: fc.integer({ min: 60_000, max: 80_000 }) }),
  fc.record({ do: fc.constant('wait' as const), ms: pause }),
  fc.record({ do: fc.constant('outage' as const), ms: pause }),
)

function perform(life: Life, one: Command): Life {
  if (one.do === 'wait') return elapse(life, one.ms)
  if (one.do === 'outage') return outage(life, one.ms)
  if (one.do === 'change') return tell(life, { type: 'subscription.changePackage', package: { ...PLAN, amount: one.amount }, at: 'now' })
  const end = one.do === 'set' ? life.now + one.byMs : endOf(life) + one.byMs
  const moved = told(life, { type: 'subscription.changeExpiry', expiresAt: iso(end), reason: 'x' })
  return moved === undefined ? life : answered(moved)
}

const endOf = (life: Life): number => contextOf(life).expiresAt ?? 0
const momentOf = (life: Life, distance: number): number => endOf(life) - distance * 1_000

describe('reminders', () => {
  it('come once for each time that their moment comes, and none is lost', async () => {
    const property = fc.asyncProperty(fc.array(command, { minLength: 2, maxLength: 20, size: 'max' }), async (list) => {
      let life = tell(begin(inputOf({ plan: PLAN })), payment(70_000))
      /** Whose moment lay ahead since they were last told. */
      const open = new Set<number>()
      const look = (): void => DISTANCES.filter((distance) => momentOf(life, distance) > life.now).forEach((distance) => open.add(distance))
      look()
      for (const one of list) {
        const before = life
        life = perform(life, one)
        const notices = life.story.slice(before.story.length).filter(({ type }) => type === 'subscription.reminderDue')
        const isReminding = serviceOf(before) === 'active' && serviceOf(life) === 'active'
        const due = DISTANCES.filter((distance) => open.has(distance) && momentOf(life, distance) <= life.now)
        if (isReminding && one.do === 'wait') expect(notices.map(({ at }) => at)).toEqual(due.map((distance) => momentOf(life, distance)))
        // Of those that were missed only the nearest is news.
        else if (isReminding) expect(notices.map(({ distanceSeconds }) => distanceSeconds)).toEqual(due.slice(-1))
        for (const { distanceSeconds } of notices) {
          expect(open, `told again of ${String(distanceSeconds)} s`).toContain(distanceSeconds)
          DISTANCES.filter((distance) => distance >= Number(distanceSeconds)).forEach((distance) => open.delete(distance))
        }
        look()
      }
    })
    await check(property, 400)
  }, TIMEOUT_MS)
})
