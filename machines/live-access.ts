/** How access that is in use is changed on the router: what is asked, and what came of it. For `durable` placeholders. */

export interface AccessChange {
  /** Whose logins, by the name they log in with. */
  username: string
  change:
    | { kind: 'disconnect' }
    | {
        kind: 'coa'
        /** Null: unlimited. */
        uploadKbps: number | null
        downloadKbps: number | null
        /** Null: left as it is. */
        addressList: string | null
        /** Null: left as it is. */
        sessionTimeoutSeconds: number | null
      }
}

export interface AppliedAccess {
  /** Logins that were changed. */
  sessions: number
  /** The router knew of them no more. */
  gone: number
  /** The router does not want to. */
  refused: number
  /** They were at a router that nobody has registered, so there was nobody to ask. */
  unknown: number
}
