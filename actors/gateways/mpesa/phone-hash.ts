/** The form in which C2B version 1 tells who has paid: SHA-256 of the number with country code, in hex. */
import { createHash } from 'node:crypto'

export function phoneHash(phone: string): string {
  return createHash('sha256').update(phone).digest('hex')
}
