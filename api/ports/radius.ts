/** What answering RADIUS asks of the database, where its rules stand (docs/adr/0012). */

export interface RadiusAttribute {
  attribute: string
  op: string
  value: string
}

/** What a login is about, as the router tells it. */
export interface LoginAttempt {
  username: string
  /** Calling-Station-Id; empty when it does not tell. */
  station: string
  /** Acct-Session-Id; empty when it does not tell. */
  session: string
}

export interface RadiusLogins {
  /** Undefined: nobody has access by that name. */
  find(username: string): Promise<{ check: RadiusAttribute[]; reply: RadiusAttribute[] } | undefined>
  /** Of somebody who has no access, to be compared and then to be refused in words (docs/adr/0026); undefined: there is nobody of that name to tell anything. */
  passwordOfRefused(username: string): Promise<string | undefined>
  /** Why this login is refused, in words for the customer; changes nothing. */
  refusal(attempt: LoginAttempt): Promise<string | undefined>
  /** For one that has shown its password: binds the device, keeps a place, and writes the attempt down. The reason if it is refused after all, which is not written down yet. */
  admit(attempt: LoginAttempt, at: number): Promise<string | undefined>
  /** Writes down that it was rejected, and why: what the customer was told, or else that name or password was wrong. */
  noteRejected(attempt: LoginAttempt, said: string, at: number): Promise<void>
}

/** One accounting packet, tolerantly read. Counters are whole and in decimal digits. */
export interface AccountingRecord {
  kind: 'start' | 'interim' | 'stop'
  uniqueId: string
  sessionId: string
  username: string
  nasAddress: string
  nasPortId: string | null
  nasPortType: string
  at: number
  sessionSeconds: number | null
  inputOctets: string
  outputOctets: string
  calledStationId: string
  callingStationId: string
  terminateCause: string
  framedIp: string | null
}

/** What accounting knows of one user by now, to be told to an actor. */
export interface AccountChange {
  username: string
  version: number
  /** A router where it is, or was, online is back since this was last told. */
  isRouterBack: boolean
  /** Undefined: it belongs to nobody any more. */
  about: { tenant: string; type: string; id: string } | undefined
  online: { id: string; device: string | null; nas: string; ip: string | null; since: number }[]
  uploadBytes: number
  downloadBytes: number
  logins: number
}

export interface RadiusAccounting {
  record(record: AccountingRecord): Promise<void>
  /** Accounting-On or -Off: the router knows of no login from before. */
  closeAll(router: { nasAddress: string; at: number; cause: string }): Promise<void>
  /** Changes that nobody was told of, kept for this caller for some seconds. */
  changes(limit: number): Promise<AccountChange[]>
  markTold(changes: readonly { username: string; version: number }[]): Promise<void>
  /** Makes news of those whose calls wait for a router that is back since it was last asked; says how many. */
  askAgain(): Promise<number>
  /** Closes what has fallen silent by this time; says how many. */
  closeStale(silentForMs: number, at: number): Promise<number>
}
