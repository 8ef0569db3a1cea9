/** Account numbers: what customers type when they pay. One number is one subscription's, over all tenants. */
export interface Accounts {
  isTaken(accountNumber: string): Promise<boolean>
}
