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
  /**
   * While one stands a second one changes nothing, and one from before an opt-in comes too late. `stored`: the one that stands;
   * undefined when none does.
   */
  optOut(tenant: string, optOut: OptOut): Promise<{ isNew: boolean; stored: OptOut | undefined }>
  /** False when there was none to take back, or only a later one. */
  optIn(tenant: string, optIn: Pick<OptOut, 'phone' | 'source' | 'at'>): Promise<boolean>
}
