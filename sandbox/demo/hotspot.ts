/** Chapters at the market: an hour bought by prompt, a voucher of the kiosk, and money that goes back. */
import type { Stage } from './stage.ts'

export const AMINA = '254712345678'
const JUMA = '254712345700'

export async function anHour({ tell, buy, logIn, online, pass, read, until }: Stage): Promise<void> {
  tell.chapter('An hour at the market')
  tell.say('Amina is at the market. She picks "1 hour" for KES 10 and types her phone number, 0712 345 678.')
  const { id, credentials } = await buy(AMINA, 'hour-1')
  await until('hotspot-session', id, 'ready')
  tell.say('The login page shows her login at once; it comes by SMS, too:')
  await read(AMINA, 1)
  const device = 'A8:BB:CC:00:00:0A'
  const login = await logIn(credentials, device)
  tell.check(`The router lets her in, at ${String(login?.attributes['Mikrotik-Rate-Limit'])} (up/down)`, login !== undefined)
  await until('hotspot-session', id, 'online')
  tell.check('A neighbour with the same login is refused: it belongs to her phone', (await logIn(credentials, 'A8:BB:CC:00:00:0B')) === undefined)
  await pass('PT1H')
  await until('hotspot-session', id, 'expired')
  const left = await online()
  tell.check('The hour is over: the router has cut her off', left.length === 0, left)
}

export async function aVoucher({ system, tell, logIn, read, until }: Stage): Promise<void> {
  tell.chapter('A voucher of the kiosk')
  const expires = new Date(Date.now() + 4 * 365 * 86_400_000).toISOString()
  const batch = await system.must<{ id: string }>('/api/vouchers/batches', { body: { name: 'Kiosk', package_id: 'day-1', count: 100, expires_at: expires } })
  const { data } = await system.must<{ data: { code: string }[] }>(`/api/vouchers/batches/${batch.id}/codes`)
  const code = data[0]?.code ?? ''
  tell.say(`The kiosk prints a hundred vouchers for a day. Juma, Amina's brother, buys the first for cash: ${code}`)
  const redeem = () => system.ask<{ voucher_id: string; code?: string; credentials?: { username: string; password: string } }>('/api/vouchers/redeem', { body: { code, phone_number: JUMA } })
  const { status, body } = await redeem()
  tell.check('The code is redeemed', status === 200 && body.credentials !== undefined, status)
  await read(JUMA, 1)
  const login = body.credentials === undefined ? undefined : await logIn(body.credentials, 'A8:BB:CC:00:00:10')
  tell.check('Juma is online', login !== undefined)
  await until('hotspot-session', body.voucher_id, 'online')
  const again = await redeem()
  tell.check('A second time the code is worth nothing', again.status === 409 && again.body.code === 'voucher-used', again.body)
}

export async function aRefund({ system, colleague, tell, buy, daraja, until, online, logIn, read }: Stage): Promise<void> {
  tell.chapter('Money back, by two people')
  tell.say('Amina buys a week by mistake and asks for her money.')
  const { id, credentials } = await buy(AMINA, 'week-1')
  await until('hotspot-session', id, 'ready')
  await read(AMINA, 1)
  await logIn(credentials, 'A8:BB:CC:00:00:0A')
  await until('hotspot-session', id, 'online')
  const [billing, senior] = await Promise.all([colleague('Faith', 'billing'), colleague('George', 'senior')])
  const path = `/api/v1/actors/payment/${id}/events`
  await billing.must(path, { body: { type: 'payment.refund', reason: 'bought by mistake' } })
  tell.say('Faith of billing asks for the refund.')
  const alone = await billing.ask(path, { body: { type: 'payment.approveRefund' } })
  tell.check('She cannot approve it herself', alone.status === 409, alone.body)
  await senior.must(path, { body: { type: 'payment.approveRefund' } })
  await until('payment', id, 'refunded')
  tell.check('George approves it: M-Pesa has reversed the payment', daraja.control.returns().length === 1, daraja.control.returns())
  tell.phone('M-PESA: KES 250 has been returned to you.')
  await system.until('hotspot-session', id, ({ states }) => states.includes('expired'))
  const left = await online()
  tell.check('What was sold is taken back: only Juma is online', left.length === 1, left)
}
