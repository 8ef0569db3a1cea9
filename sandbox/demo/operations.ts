/** Chapters in the office: a router that fails, and the books. */
import type { Stage } from './stage.ts'

export async function anOutage({ system, routerOs, tell, pass, until }: Stage): Promise<void> {
  tell.chapter('The power is out at the market')
  const played = routerOs.router('market')
  const { id, script } = await system.must<{ id: string; script: string }>('/api/routers', { body: { name: 'Market square', site: 'Town hall, roof', api_url: played.url, poll_seconds: 300 } })
  await played.paste(script)
  await until('router', id, 'online.watching')
  tell.check('The technician has pasted the script: the router of the market has joined', true)
  played.mood = 'gone'
  await pass('PT2H')
  await until('router', id, 'offline.waiting')
  tell.check('No answer three times in a row: an outage is open', (await outages(id)).some(({ until: end }) => end === null))
  played.mood = 'well'
  await pass('PT30M')
  await until('router', id, 'online.watching')
  const [outage, ...more] = await outages(id)
  const minutes = outage?.until == null ? Number.NaN : Math.round((Date.parse(outage.until) - Date.parse(outage.since)) / 60_000)
  tell.check(`The power is back: the outage is closed, after ${minutes} minutes`, minutes > 100 && more.length === 0, outage)

  async function outages(router: string): Promise<{ since: string; until: string | null }[]> {
    return (await system.must<{ outages: { since: string; until: string | null }[] }>(`/api/v1/routers/${router}/outages?days=2`)).outages
  }
}

/** What the story has brought in, in minor units: an hour, two terms of Home 10, one of Home 20; the week went back. */
const HELD = 1_000 + 2 * 250_000 + 400_000
const WEEK = 25_000

export async function theBooks({ system, tell }: Stage): Promise<void> {
  tell.chapter('The books')
  const { data } = await system.must<{ data: { account: string; currency: string; amount_minor: number }[] }>('/api/v1/ledger/accounts?limit=200')
  for (const { account, currency, amount_minor: amount } of data) tell.say(`${account.padEnd(36)} ${currency} ${money(amount).padStart(12)}`)
  const sum = data.reduce((total, { amount_minor: amount }) => total + amount, 0)
  tell.check('The ledger balances: all accounts sum to zero', sum === 0, sum)
  const held = data.find(({ account }) => account === 'mpesa')?.amount_minor
  tell.check(`M-Pesa holds KES ${money(HELD)}: what was paid less what went back`, held === HELD, held)
  const { total } = await system.must<{ total: Record<string, number> }>('/api/v1/metrics/dashboard')
  const [revenue, refunds] = [total['payments.revenue.KES'] ?? 0, total['payments.refunds.KES'] ?? 0]
  tell.check(`The dashboard says the same: KES ${money(revenue)} in, ${money(refunds)} back`, revenue === HELD + WEEK && refunds === WEEK, total)
  tell.say(`Payments ${total['payments.completed']}, accesses ${total['sessions.started']}, of which ended ${total['sessions.ended']}; messages ${total['messages.sent']}.`)
}

function money(minor: number): string {
  return (minor / 100).toLocaleString('en', { minimumFractionDigits: 2 })
}
