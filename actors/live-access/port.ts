/** The logins under way, as accounting tells, and how their routers are reached. Implemented over the tables of schema `radius`. */
import type { Address } from '../../runtime/index.ts'
import type { Nas } from '../gateways/radius/port.ts'

/** A router whose own interface (REST) can be asked. */
export interface RestReach {
  router: Address
  apiUrl: string
  secretVersion: number
}

export interface LiveLogin {
  /** Names its accounting record. */
  recordId: string
  acctSessionId: string
  /** As its router calls itself. */
  nasAddress: string
  framedIp: string | null
  /** Its router has fallen silent, so that we have supposed it closed; perhaps it is not. */
  isSupposedClosed: boolean
  /** Null: no router of that address is registered, so it cannot be asked. */
  nas: Nas | null
  /** Null: the router has none that we know of, or is out of reach as its own looks say. */
  rest: RestReach | null
}

export interface LiveLogins {
  of(username: string): Promise<LiveLogin[]>
  /** The router knows of them no more, so no Stop will ever come. */
  closeGone(recordIds: readonly string[]): Promise<void>
}
