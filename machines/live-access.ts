/** How access that is in use is changed on the router: what is asked, and what came of it. For `durable` placeholders. */

/**
 * What waits for a silent router is asked again by what accounting tells, but not before so long (R9): a router may tell us of its logins every
 * few minutes and never take a request. Until then the pauses of the call itself are shorter than this. A router that is found to be back is
 * asked at once.
 */
export const ASK_AGAIN_AFTER_MS = 10 * 60_000

export interface AccessChange {
  /** Whose logins, by the name they log in with. */
  username: string
  /** The router did not answer the same before: it is asked once, to see whether it is back. */
  isAgain?: true
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
