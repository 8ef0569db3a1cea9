/** What is asked of the routers where a user is logged in at this moment, and what came of it. */

export interface AccessChange {
  /** The RADIUS User-Name. */
  username: string
  change:
    | { kind: 'disconnect' }
    | {
        kind: 'coa'
        /** Null: unlimited. */
        uploadKbps: number | null
        downloadKbps: number | null
        /** Null: none. */
        addressList: string | null
        /** From now; null: no limit. */
        sessionTimeoutSeconds: number | null
      }
}

/** How many open sessions took the change, were gone already, or whose router refused. */
export interface AppliedAccess {
  sessions: number
  gone: number
  refused: number
}
