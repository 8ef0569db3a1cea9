/** R12: payments that were stored by version 1 of the machine go on in version 2. */
import { expect, it } from 'vitest'
import { createCredentialIssuer } from '../../../actors/credentials.ts'
import { createRegistry } from '../../../actors/registry.ts'
import { newPayment, type PaymentContext } from '../../../machines/payment/context.ts'
import { createRuntime, manualClock, memoryStore } from '../../../runtime/index.ts'
import { nobodyOnline } from '../../support/live-access.ts'
import { fakeMpesa } from '../../support/fake-mpesa.ts'
import { callback, CHECKOUT, INPUT } from '../machines/payment.fixture.ts'
import { START } from '../machines/play.ts'

/** What version 1 did not know of. */
const NEW = ['method', 'purpose', 'received', 'paidAmount', 'claim', 'claims', 'refund'] as const
const ADDRESS = { type: 'payment', id: 'pay_1' }

it('a prompt that stands on the phone while the new version comes is credited, posted and can be given back', async () => {
  const store = memoryStore()
  const start = async () => {
    const runtime = createRuntime({
      store,
      clock: manualClock(START),
      actors: createRegistry({
        credentials: createCredentialIssuer('an application key of good length'),
        liveAccess: nobodyOnline(),
        sms: { send: async () => ({ providerId: 'p', status: 'sent', segments: 1 }) },
        mpesa: fakeMpesa({ stkPush: async () => ({ merchantRequestId: 'm', checkoutRequestId: CHECKOUT, responseDescription: '', customerMessage: '' }) }),
      }),
    })
    await runtime.start()
    return runtime
  }
  const before = await start()
  await before.create(ADDRESS, INPUT)
  await before.settled()
  before.kill()

  const row = store.tables.actors.get('main/payment/pay_1')
  if (row === undefined) throw new Error('no row')
  const context = JSON.parse(row.context) as Record<string, unknown>
  for (const name of NEW) delete context[name]
  store.tables.actors.set('main/payment/pay_1', { ...row, version: '1', context: JSON.stringify(context) })

  const after = await start()
  expect(await after.checkStored()).toEqual([])
  const migrated = await after.get(ADDRESS)
  expect(migrated).toMatchObject({ version: '2', states: ['awaiting'], timers: [{}] })
  expect(Object.keys(migrated?.context as object).sort()).toEqual(Object.keys(newPayment(INPUT)).sort())
  await after.send(ADDRESS, callback())
  await after.settled()
  expect((await after.get({ type: 'hotspot-session', id: 'pay_1' }))?.value).toBe('ready')
  expect(store.tables.rows.get('business.ledger_entries')).toHaveLength(2)
  const { facts } = await after.send(ADDRESS, { type: 'payment.refund', reason: 'x', by: 'key:1' })
  expect(facts).toMatchObject([{ type: 'payment.refundRequested' }])
  expect(((await after.get(ADDRESS))?.context as PaymentContext).refund).toMatchObject({ way: 'reversal', amount: 2_000 })
  await after.stop()
})
