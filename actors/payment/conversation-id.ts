/** The number by which Daraja knows a payout: the same whenever the same payout of the same payment is asked for, and no other's. */
import { createHash } from 'node:crypto'
import { addressKey, type Address } from '../../runtime/index.ts'

export function conversationIdOf(payment: Address, request: number): string {
  const hex = createHash('sha256').update(`payout ${addressKey(payment)} ${request}`).digest('hex')
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20, 32)].join('-')
}
