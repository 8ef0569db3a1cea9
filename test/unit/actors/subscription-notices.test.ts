/** What a customer is told of the data of a subscription, on the engine with an in-memory store. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createCredentialIssuer } from '../../../actors/credentials.ts'
import { createRegistry } from '../../../actors/registry.ts'
import { createRuntime, manualClock, memoryStore, type MovableClock, type Runtime } from '../../../runtime/index.ts'
import { nobodyOnline } from '../../support/live-access.ts'
import { fakeMpesa } from '../../support/fake-mpesa.ts'
import { DAY_MS, HOME, HOUR_MS, inputOf, START } from '../machines/subscription.fixture.ts'

const home = { type: 'subscription', id: 'sub_1' }
const DATA = { ...HOME, dataBytes: 1_000, reminderSeconds: [] }

let runtime: Runtime
let clock: MovableClock
let texts: string[]
let payments: number

const pay = async () => {
  payments += 1
  await runtime.send(home, { type: 'subscription.pay', paymentId: `pay_${payments}`, amount: HOME.amount, currency: 'KES', receipt: null, paidAt: 0 })
  await runtime.settled()
}
const use = async (revision: number, bytes: number) => {
  await runtime.send(home, { type: 'subscription.account', revision, online: [], uploadBytes: 0, downloadBytes: bytes, logins: 1 })
  await runtime.settled()
}
const dataTexts = () => texts.filter((text) => text.startsWith('The data of'))

beforeEach(async () => {
  texts = []
  payments = 0
  clock = manualClock(START)
  const sms = {
    send: async ({ text }: { text: string }) => {
      texts.push(text)
      return { providerId: `ATPid_${texts.length}`, status: 'sent' as const, segments: 1 }
    },
  }
  const config = { quietHours: { from: '21:00', to: '07:00' } }
  const actors = createRegistry({ credentials: createCredentialIssuer('an application key of good length'), liveAccess: nobodyOnline(), mpesa: fakeMpesa({}), sms, config })
  runtime = createRuntime({ clock, store: memoryStore(), actors })
  await runtime.start()
  await runtime.create(home, inputOf({ plan: DATA }))
  await pay()
})

afterEach(() => runtime.stop())

describe('data that is used up', () => {
  it('is told, with what brings new data at once', async () => {
    await clock.advance(8 * DAY_MS)
    await use(1, 999)
    expect(dataTexts()).toEqual([])
    await use(2, 1_000)
    const told = 'The data of Home 10 is used up: low speed until 01/02 12:00. Pay KES 2,500 to account 12345674 for new data at once.'
    expect(dataTexts()).toEqual([told])
    await use(3, 1_200)
    expect(dataTexts()).toEqual([told])
    await clock.advance(DAY_MS)
    await pay()
    await use(4, 2_199)
    expect(dataTexts()).toEqual([told])
    await use(5, 2_200)
    expect(dataTexts()).toEqual([told, told.replace('01/02', '01/03')])
  })

  it('is not told any more when a payment came before the morning', async () => {
    await clock.advance(10 * HOUR_MS)
    await use(1, 1_000)
    await pay()
    await clock.advance(DAY_MS)
    expect(dataTexts()).toEqual([])
    const { states } = (await runtime.get({ type: 'notification', id: `sub_1-data-${START.toString(36)}` })) ?? {}
    expect(states).toEqual(['cancelled'])
  })
})
