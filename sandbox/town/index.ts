/**
 * A small town to try things with, made once per data folder: a price list, five routers, home connections and guests at every stage,
 * vouchers. All of it is made over our public API and by what the stand-ins do, as its people would; nothing is written past the
 * system. Ids and keys are derived, so that a start after a crash goes on where the last one was.
 */
import { seedDemoRouters, demoRouters } from '../demo-routers.ts'
import type { Sandbox } from '../index.ts'
import { systemClient, type SystemClient } from '../system-client.ts'
import { settleGuest } from './guests.ts'
import { settleHousehold } from './households.ts'
import { guests, households, townPackages } from './people.ts'

export interface TownParts {
  url: string
  apiKey: string
  standIns: Pick<Sandbox, 'daraja' | 'nas' | 'routerOs'>
  signal: AbortSignal
}

/** People who act at the same time: the town must not keep others from being served. */
const AT_ONCE = 6
const BATCH = 'vb_town'
/** Redeemed as the very last thing: when it is, all is there. */
const LAST = `${BATCH}-00001`
const YEAR_MS = 365 * 86_400_000

/** @returns whether anything was to be done */
export async function settleTown({ url, apiKey, standIns, signal }: TownParts): Promise<boolean> {
  const system = systemClient(url, apiKey, signal)
  if ((await system.actor('voucher', LAST)) !== undefined) return false
  for (const body of townPackages) await system.must('/api/v1/packages', { body }, [201, 409])
  const prices = new Map(townPackages.map(({ id, amount_minor: amount }) => [id as string, amount as number]))
  if (standIns.routerOs !== undefined) await settleRouters(system, standIns.routerOs)
  await each(guests.map((guest, n) => () => settleGuest(guest, n, system, standIns.nas)))
  await each(households.map((household) => () => settleHousehold(household, system, standIns.daraja?.control, prices)))
  await settleVouchers(system)
  return true
}

/** One that was registered before a crash gets another script. */
async function settleRouters(system: SystemClient, routerOs: NonNullable<Sandbox['routerOs']>): Promise<void> {
  const { data } = await system.must<{ data: { id: string; states: string[]; context: { name: string } }[] }>('/api/v1/actors/router?limit=100')
  const known = new Map(data.map((router) => [router.context.name, router]))
  const missing = demoRouters.filter(({ name }) => known.get(name)?.states.some((state) => state.startsWith('enrolling')) ?? true)
  await seedDemoRouters(routerOs, async ({ name, site, apiUrl, pollSeconds }) => {
    const before = known.get(name)
    if (before !== undefined) return await system.must(`/api/routers/${before.id}/script`, { body: { reason: 'the script before was not pasted' } })
    return await system.must('/api/routers', { body: { name, site, api_url: apiUrl, poll_seconds: pollSeconds } })
  }, missing)
}

async function settleVouchers(system: SystemClient): Promise<void> {
  const offer = { id: 'day-1', name: '1 day', durationSeconds: 86_400, dataBytes: null, uploadKbps: 2_048, downloadKbps: 5_120, devices: 2 }
  await system.must('/api/v1/actors/voucher-batch', { body: { id: BATCH, input: { name: 'Kiosk at the bus park', package: offer, count: 50, expiresAt: Date.now() + YEAR_MS } } }, [201, 409])
  const { data } = await system.must<{ data: { code: string }[] }>(`/api/vouchers/batches/${BATCH}/codes`)
  await system.must('/api/vouchers/redeem', { body: { code: data[0]?.code, phone_number: '254712000501' }, key: 'town-voucher' })
}

/** A few at a time. All are tried; then the first that failed is thrown. */
async function each(works: readonly (() => Promise<void>)[]): Promise<void> {
  const waiting = [...works]
  const failures: unknown[] = []
  const worker = async (): Promise<void> => {
    for (let work = waiting.shift(); work !== undefined; work = waiting.shift()) await work().catch((error: unknown) => void failures.push(error))
  }
  await Promise.all(Array.from({ length: AT_ONCE }, worker))
  if (failures.length > 0) throw failures[0]
}
