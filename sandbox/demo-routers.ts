/**
 * The routers of a small town, to try things with: played by the RouterOS stand-in, with access points and customers' devices behind
 * them. Whoever calls registers them, as staff would; the script is then pasted into each, as a technician would.
 */
import type { RouterOs } from './routeros/index.ts'

export interface DemoRouter {
  /** In the stand-in's address. */
  path: string
  name: string
  site: string
  /** Seldom: a month's leap of the sandbox's clock would otherwise be ten thousand looks. */
  pollSeconds: number
  accessPoints: readonly string[]
  devices: number
}

const SIX_HOURS = 21_600

export const demoRouters: readonly DemoRouter[] = [
  { path: 'market', name: 'Market square', site: 'Town hall, roof', pollSeconds: SIX_HOURS, accessPoints: ['ap-market-east', 'ap-market-west'], devices: 14 },
  { path: 'bus-park', name: 'Bus park', site: 'Ticket office', pollSeconds: SIX_HOURS, accessPoints: ['ap-bus-park'], devices: 22 },
  { path: 'hospital', name: 'Hospital', site: 'Gate house', pollSeconds: SIX_HOURS, accessPoints: ['ap-hospital-1', 'ap-hospital-2', 'ap-hospital-3'], devices: 9 },
  { path: 'school', name: 'Secondary school', site: 'Library', pollSeconds: SIX_HOURS, accessPoints: ['ap-school'], devices: 31 },
  { path: 'harbour', name: 'Harbour', site: 'Fish market', pollSeconds: SIX_HOURS, accessPoints: [], devices: 4 },
]

/** Registers one router whose REST is at that address, and gives the script for its terminal. */
export type RegisterRouter = (order: { name: string; site: string; apiUrl: string; pollSeconds: number }) => Promise<{ id: string; script: string }>

/** @returns the ids, in the order of {@link demoRouters} */
export async function seedDemoRouters(routerOs: RouterOs, register: RegisterRouter, routers: readonly DemoRouter[] = demoRouters): Promise<string[]> {
  const ids: string[] = []
  for (const [town, { path, name, site, pollSeconds, accessPoints, devices }] of routers.entries()) {
    const played = routerOs.router(path)
    for (const [n, identity] of accessPoints.entries()) {
      played.router.add('/ip/neighbor', { identity, 'mac-address': mac(0x48, town, n), interface: `ether${n + 2},bridge1`, board: 'wAP ax', version: '7.16.1 (stable)' })
    }
    for (let n = 0; n < devices; n++) played.router.add('/ip/hotspot/host', { 'mac-address': mac(0xa2, town, n), 'bridge-port': `ether${(n % Math.max(1, accessPoints.length)) + 2}` })
    const { id, script } = await register({ name, site, apiUrl: played.url, pollSeconds })
    await played.paste(script)
    ids.push(id)
  }
  return ids
}

function mac(kind: number, town: number, n: number): string {
  return [kind, 0xa9, 0x8a, 0, town, n].map((byte) => byte.toString(16).padStart(2, '0').toUpperCase()).join(':')
}
