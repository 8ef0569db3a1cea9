/** Which payment an M-Pesa receipt has credited: one receipt credits one payment, for ever. */
export interface Receipts {
  /** Receipt -> payment, for those that have credited one. Receipts as payments keep them, in capitals. */
  creditedTo(tenant: string, receipts: readonly string[]): Promise<ReadonlyMap<string, string>>
}
