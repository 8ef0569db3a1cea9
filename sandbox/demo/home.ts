/** Chapters at home: a subscription through its month. */
import type { Stage } from './stage.ts'
import { AMINA } from './hotspot.ts'

const PLANS = [
  { id: 'home-10', kind: 'subscription', name: 'Home 10', amount_minor: 250_000, currency: 'KES', term: 'P30D', upload_kbps: 5_000, download_kbps: 10_000, devices: 5, grace: 'P3D', grace_upload_kbps: 256, grace_download_kbps: 512, reminders: ['P7D', 'P1D'] },
  { id: 'home-20', kind: 'subscription', name: 'Home 20', amount_minor: 400_000, currency: 'KES', term: 'P30D', upload_kbps: 10_000, download_kbps: 20_000, devices: 8, grace: 'P3D', grace_upload_kbps: 256, grace_download_kbps: 512, reminders: ['P7D', 'P1D'] },
] as const

interface Home {
  id: string
  account: string
}

export async function aHome(stage: Stage): Promise<Home> {
  const { system, tell, until, read } = stage
  tell.chapter('A line at home')
  for (const body of PLANS) await system.must('/api/v1/packages', { body })
  const made = await system.must<{ id: string; context: { accountNumber: string } }>('/api/v1/subscriptions', { body: { name: 'Amina Wanjiru', phone: AMINA, package_id: 'home-10' } })
  const home = { id: made.id, account: made.context.accountNumber }
  tell.say(`She likes it and orders Home 10 (KES 2,500 for 30 days). Her account number is ${home.account}.`)
  await pay(stage, home, 2_500)
  await until('subscription', home.id, 'service.active', 'access.settled')
  await read(AMINA, 2)
  tell.check('The money has found her by its account number: she is on', true)
  return home
}

export async function aMonth(stage: Stage, home: Home): Promise<void> {
  const { tell, pass, read, until } = stage
  tell.chapter('The month goes by')
  await pass('P23D')
  const [week = ''] = await read(AMINA, 1)
  tell.check('She is reminded a week before the end', week.includes('Home 10 ends') && week.includes(home.account), week)
  await pass('P6D')
  await read(AMINA, 1)
  tell.check('And again a day before', true)
  await pass('P1D')
  await until('subscription', home.id, 'service.grace', 'access.settled')
  await read(AMINA, 1)
  tell.check('She has not paid: grace, three days, slowly', true)
  await pass('P3D')
  await until('subscription', home.id, 'service.suspended', 'access.settled')
  await read(AMINA, 1)
  tell.check('Still not paid: suspended', true)
}

export async function aReturn(stage: Stage, home: Home): Promise<void> {
  const { system, tell, pass, until, read } = stage
  tell.chapter('Paid, on again, and faster')
  await pass('PT5H')
  await pay(stage, home, 2_500)
  await until('subscription', home.id, 'service.active', 'access.settled')
  await read(AMINA, 1)
  tell.check('On again within a moment, with no call to anybody', true)
  await system.must(`/api/v1/subscriptions/${home.id}/package`, { body: { package_id: 'home-20' } })
  tell.say('The children want films. Amina agrees on Home 20 (KES 4,000) from the next term, and pays ahead.')
  await pay(stage, home, 4_000)
  await read(AMINA, 1)
  await pass('P30D')
  const { context } = await system.until('subscription', home.id, ({ states, context }) => states.includes('service.active') && (context['plan'] as { id: string }).id === 'home-20')
  tell.check('The next term has begun, with Home 20', (context['credit'] as number) === 0, context['credit'])
}

/** By hand: paybill, account number, amount, PIN. */
async function pay({ daraja, tell }: Stage, { account }: Home, amount: number): Promise<void> {
  const paid = await daraja.control.pay({ phone: AMINA, account, amount })
  if (paid.outcome !== 'paid') throw new Error(`not as told: the paybill takes KES ${amount}; found ${paid.code}`)
  tell.phone(`M-PESA: ${paid.receipt} Confirmed. KES ${amount.toLocaleString('en')} paid to Standing for account ${account}.`)
}
