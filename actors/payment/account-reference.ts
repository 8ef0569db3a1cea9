import type { Address } from '../../runtime/index.ts'

const LENGTH_MAX = 12

/** What the payer sees as account number: the end of the payment's id, which is its random part. 1 to 12 capitals and digits. */
export function accountReferenceOf({ id }: Address): string {
  const text = id.replace(/[^A-Za-z0-9]/g, '').toUpperCase().slice(-LENGTH_MAX)
  return text === '' ? 'PAYMENT' : text
}
