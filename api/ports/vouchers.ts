/** What the edge asks of the tables beside vouchers. */
export interface Vouchers {
  /** Which voucher a code's keyed hash belongs to. */
  findByHash(tenant: string, hash: string): Promise<{ batchId: string; number: number } | undefined>
  /** By number: `redeemed`, `revoked`, ...; those that are not here are unused. */
  statesOf(tenant: string, batchId: string): Promise<ReadonlyMap<number, string>>
}
