/** Changing access that is in use, on the router that gives it (RFC 5176). */

export interface Nas {
  /** Address or name. */
  host: string
  /** Where it takes these requests. Default 3799. */
  port?: number | undefined
  secret: string
}

/** What names one login to its router. */
export interface NasSession {
  username: string
  acctSessionId: string
  framedIp?: string | null | undefined
}

/** In the words of RADIUS; of vendors only RouterOS's Mikrotik-Rate-Limit and Mikrotik-Address-List. */
export type AuthorizationAttributes = Readonly<Record<string, string | number>>

/**
 * - `done`        the router has done it;
 * - `gone`        it knows of no such session (503): for a disconnect as good as done;
 * - `refused`     it does not want to, or cannot; asking again is pointless;
 * - `unreachable` it said nothing. Perhaps it did it all the same: asking again is harmless.
 */
export interface NasAnswer {
  outcome: 'done' | 'gone' | 'refused' | 'unreachable'
  /** RFC 5176, Error-Cause. */
  errorCause?: number
  /** It was not asked at all: it has only just kept somebody else waiting. */
  isSpared?: true
}

export interface RadiusGateway {
  disconnect(nas: Nas, session: NasSession, options?: { signal?: AbortSignal }): Promise<NasAnswer>
  changeAuthorization(nas: Nas, session: NasSession, attributes: AuthorizationAttributes, options?: { signal?: AbortSignal }): Promise<NasAnswer>
}
