/**
 * What a router last said of itself: a cache beside the actors, that may be old and may be lost. Looks and heartbeats write it;
 * they are far too many for a journal, which holds only what they change.
 */
import type { Address } from '../../runtime/index.ts'
import type { Counted, Usage } from './usage.ts'

export interface LiveReading {
  version: string | null
  board: string | null
  uptimeSeconds: number | null
  /** Percent. */
  cpuLoad: number | null
  freeMemoryBytes: number | null
  totalMemoryBytes: number | null
  /** Customers that are logged in. */
  activeUsers: number | null
  handshakeAgeSeconds: number | null
}

export interface AccessPointReading {
  mac: string
  name: string | null
  board: string | null
  version: string | null
  address: string | null
  /** The router's port that it hangs on. */
  port: string | null
  /** Devices behind that port. */
  clients: number
}

/** One access, as a router needs it that keeps its users itself. */
export interface HotspotAccess {
  username: string
  password: string
  devices: number
  /** `rx/tx`, as RADIUS has it; null: unlimited. */
  rateLimit: string | null
  /** What is left of its data, wherever it was used; null: it has as much as it likes. */
  dataLeft: number | null
  /** The end of the paid time; null: none is known. */
  until: number | null
}

export interface RouterLive {
  /** Of these usernames those that are ours and whose access is over, or not there yet. */
  withoutAccess(router: Address, usernames: readonly string[]): Promise<string[]>
  /** The accesses of the router's tenant, for one that keeps its users itself: so many at most (R9), of how many. */
  accesses(router: Address, limit: number): Promise<{ accesses: HotspotAccess[]; total: number }>
  /** Those of these usernames that have access. */
  withAccess(router: Address, usernames: readonly string[]): Promise<string[]>
  /** What is known of the use of its own users. */
  counted(router: Address): Promise<Counted>
  /** Into accounting, unless another look came in between (`revision`). Its logins are those that the router had at this moment. */
  saveUsage(router: Address, revision: number, usage: Pick<Usage, 'records' | 'logins'>, at: number): Promise<void>
  /** When its newest heartbeat came. */
  heardAt(router: Address): Promise<number | null>
  /** Its state as read by us at this moment. */
  saveReading(router: Address, reading: LiveReading, at: number): Promise<void>
  /** @returns the MAC addresses of those that were seen lately: one look without is no loss. */
  saveAccessPoints(router: Address, seen: readonly AccessPointReading[], at: number): Promise<string[]>
}
