/** A voucher's id follows from its batch, so that whoever needs the actor first makes the one that all others mean. */
export function voucherId(batchId: string, number: number): string {
  return `${batchId}-${String(number).padStart(5, '0')}`
}
