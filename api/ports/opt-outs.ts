/** Who does not want to be written to, but for logins and receipts. */
export interface OptOut {
  /** Digits with country code. */
  phone: string
  reason: string | null
  /** Who wrote it down. */
  source: string
  at: number
}

export interface OptOuts {
  /** By phone. */
  listOptOuts(tenant: string, page: { limit: number; afterPhone?: string | undefined }): Promise<OptOut[]>
  /** The first word counts: a second one changes nothing. */
  optOut(tenant: string, optOut: OptOut): Promise<void>
  /** False when there was none. */
  optIn(tenant: string, phone: string): Promise<boolean>
}
