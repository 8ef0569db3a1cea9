/** What the edge asks of the tables beside the routers. */
export interface RouterRef {
  tenant: string
  id: string
}

export type LiveValues = Readonly<Record<string, string | number | null>>

export interface Routers {
  /** The router that has this name already; by `nameKey`. */
  named(tenant: string, nameKey: string): Promise<string | undefined>
  /** Durable enough: a cache, whose last minute may be lost. */
  saveHeartbeat(router: RouterRef, heartbeat: LiveValues, at: number): Promise<void>
  /** Moments in milliseconds; null for never. */
  live(router: RouterRef): Promise<{ reading: LiveValues | null; readAt: number | null; heartbeat: LiveValues | null; heardAt: number | null }>
  /** Those that have joined and are not down. */
  provisioned(): Promise<readonly ProvisionedRouter[]>
  accessPoints(router: RouterRef): Promise<AccessPointRow[]>
  /** Those that were open at some moment since, newest first. */
  outages(router: RouterRef, since: number): Promise<{ since: number; until: number | null }[]>
  /** Whose end of the tunnel is known. */
  peers(tenant: string): Promise<{ id: string; name: string; address: string; publicKey: string }[]>
  /** Who is logged in at the router, which has this address, by accounting; of users that it keeps itself, who was at the last look. */
  openSessions(router: RouterRef, address: string, limit: number): Promise<OpenSession[]>
  /** When the logins of users that it keeps itself were last read; null: never. */
  countedAt(router: RouterRef): Promise<number | null>
}

/** One whose users we keep. */
export interface ProvisionedRouter extends RouterRef {
  /** Differs when the accesses of its tenant do. */
  mark: string
}

export interface AccessPointRow {
  mac: string
  name: string | null
  board: string | null
  version: string | null
  address: string | null
  port: string | null
  clients: number
  firstSeenAt: number
  lastSeenAt: number
}

export interface OpenSession {
  acctSessionId: string
  username: string
  address: string | null
  mac: string | null
  since: number | null
}
