/** What a router's outside calls are asked and what they answer. No secret passes here: the effects derive them from address and version. */
import type { RouterConfiguration } from './configuration.ts'
import type { Provisioning } from './events.ts'

/** Where and as whom the router is reached. */
export interface RouterTarget {
  apiUrl: string
  secretVersion: number
}

export interface ProbeRequest extends RouterTarget {
  /** Those that are known to be there: only differences come back, for each answer is journaled. */
  accessPoints: string[]
  provisioning: Provisioning
  /** Packages that are known to be switched on. */
  capabilities: string[]
}

/** What became of the users that a router is to have itself, instead of asking RADIUS. */
export interface UsersOutcome {
  wanted: number
  added: number
  changed: number
  removed: number
  /** It did not take all of them; the next look tries again. */
  failure: { code: string; detail: string } | null
}

export type ProbeOutcome =
  | {
      outcome: 'answered'
      version: string
      uptimeSeconds: number
      /** Of our tunnel; null: the router has none, or does not tell. */
      handshakeAgeSeconds: number | null
      /** MAC addresses of access points that were not there before, and of those that are gone. */
      appeared: string[]
      lost: string[]
      /** Its packages that are switched on, if they are others than before; null: the same, or not told. */
      capabilities: string[] | null
      /** Logins that the router still had and nobody has paid for any more: they were ended. */
      ended: number
      /** Null: it asks RADIUS. */
      users: UsersOutcome | null
    }
  /** `heardAt`: its newest heartbeat, which takes another way. */
  | { outcome: 'silent'; code: string; detail: string; heardAt: number | null }

export interface ApplyRequest extends RouterTarget {
  version: number
  configuration: RouterConfiguration
}

export type ApplyOutcome =
  | { outcome: 'applied'; added: number; changed: number; removed: number }
  /** `isFinal`: the router does not take this configuration; asking again is pointless. */
  | { outcome: 'failed'; code: string; detail: string; isFinal: boolean }
