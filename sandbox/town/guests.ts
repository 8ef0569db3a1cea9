/** Guests of the hotspots: each pays by prompt and goes as far as told. */
import type { Nas } from '../nas/index.ts'
import type { SystemClient } from '../system-client.ts'
import type { Guest } from './people.ts'

interface Credentials {
  username: string
  password: string
}

export async function settleGuest({ id, phone, package: packageId, stage }: Guest, n: number, system: SystemClient, nas: Nas | undefined): Promise<void> {
  const started = await system.ask<{ payment_id: string }>('/api/payments/stk', { body: { phone_number: phone, package_id: packageId }, key: id })
  if (started.status !== 202) throw new Error(`${id}: the payment was not started: ${started.status} ${JSON.stringify(started.body)}`)
  // Whoever waits for the customer waits long enough by himself.
  if (stage === 'awaiting' || stage === 'declined') return
  const payment = started.body.payment_id
  const cookie = started.headers.getSetCookie().map((text) => text.split(';', 1)[0]).join('; ')
  // The stand-in pays after two seconds, and forgets a prompt that it was killed with: its guest stays as he is.
  const { credentials } = await system.must<{ credentials?: Credentials }>(`/api/payments/${payment}?wait=8s`, { headers: { cookie } })
  // Shown once: whoever crashed just then reads them in the SMS, and is not logged in here.
  if (stage !== 'online' || nas === undefined || credentials === undefined) return
  const outcome = await nas.logins.logIn({ ...credentials, device: `A2:A9:8A:00:00:${(n + 16).toString(16).toUpperCase()}` })
  if (!outcome.ok) throw new Error(`${id}: ${outcome.message}`)
  await nas.logins.use(outcome.login.session, { upload: 1_500_000 * (n + 1), download: 22_000_000 * (n + 1) })
}
