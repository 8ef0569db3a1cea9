/** Ids that sort by the time they were made: 10 characters of milliseconds, 16 of chance. */
import { randomBytes } from 'node:crypto'

// Crockford's base32 in lower case: no look-alikes, sorts like its value.
const DIGITS = '0123456789abcdefghjkmnpqrstvwxyz'
const POOL_BYTES = 16 * 256
let pool = Buffer.alloc(0)
let used = 0

/** 26 characters, such as `01jd3k6v7q8w9x0y1z2a3b4c5d`; 80 bits of chance. */
export function sortableId(now: number = Date.now()): string {
  let time = ''
  for (let rest = now, i = 0; i < 10; i++, rest = Math.floor(rest / 32)) time = (DIGITS[rest % 32] as string) + time
  // One call for many ids: asking the system for 16 bytes at a time costs more than everything else here.
  if (used + 16 > pool.length) {
    pool = randomBytes(POOL_BYTES)
    used = 0
  }
  let chance = ''
  for (let i = 0; i < 16; i++) chance += DIGITS[(pool[used++] as number) & 31] as string
  return time + chance
}
