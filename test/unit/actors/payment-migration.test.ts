/** R12: payments that were stored by older versions of the machine go on in this one. */
import { expect, it } from 'vitest'
import { paymentMigrations } from '../../../actors/payment/migrations.ts'
import { createCredentialIssuer } from '../../../actors/credentials.ts'
import { createRegistry } from '../../../actors/registry.ts'
import { newPayment, type PaymentContext } from '../../../machines/payment/context.ts'
import { createRuntime, manualClock, memoryStore } from '../../../runtime/index.ts'
import { nobodyOnline } from '../../support/live-access.ts'
import { fakeMpesa } from '../../support/fake-mpesa.ts'
import { callback, CHECKOUT, INPUT } from '../machines/payment.fixture.ts'
import { START } from '../machines/play.ts'

/** What version 1 did not know of. */
const NEW = ['method', 'purpose', 'received', 'paidAmount', 'claim', 'claims', 'refund', 'held', 'parted'] as const
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
  expect(migrated).toMatchObject({ version: '4', states: ['awaiting'], timers: [{}] })
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

it('version 2 had booked what came without a purpose, and no prompt under review; a refund that waits since before a credit is asked for anew', () => {
  const [, toHeld] = paymentMigrations
  const migrate = (context: object) => toHeld?.migrate({ value: 'review', context: { ...newPayment(INPUT), held: undefined, parted: undefined, ...context } as never, children: null } as never).context as unknown as PaymentContext
  expect(migrate({ method: 'c2b', purpose: { kind: 'unmatched' }, receipt: 'NLJ7RT61SV' }).held).toMatchObject([{ receipt: 'NLJ7RT61SV', amount: 2_000 }])
  expect(migrate({ review: { reason: 'amount-mismatch', receipt: 'NLJ7RT61SV', received: 500 } }).held).toEqual([])
  expect(migrate({ completedAt: 5, refund: { requestedAt: 4 } }).refund).toMatchObject({ wasCredited: false, original: null })
  expect(migrate({ completedAt: 4, refund: { requestedAt: 4 } }).refund).toMatchObject({ wasCredited: true })
})

it('version 3 held what came a second time; nobody knows any more from whom', () => {
  const stored = { ...newPayment(INPUT), parted: undefined, held: [{ receipt: 'NLJ7RT61SW', amount: 500 }] }
  const { context } = paymentMigrations[2]?.migrate({ value: 'completed', context: stored as never, history: null }) ?? {}
  expect(context).toMatchObject({ parted: [], held: [{ receipt: 'NLJ7RT61SW', amount: 500, source: 'callback', phone: null, transactionDate: null }] })
})
