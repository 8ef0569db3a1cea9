/**
 * Text that may stand anywhere: in identifiers and indexes, in a log line, on a screen. Control characters may not: a
 * database takes no NUL in its texts, and the others make two different texts look alike. Neither may halves of surrogate
 * pairs, which are no characters at all.
 */
import { z } from 'zod'

export const PRINTABLE = /^[^\p{Cc}\p{Cs}]*$/u

export const NOT_PRINTABLE = 'must hold no control characters'

/** Of one line, with this many characters at most. */
export const printable = (charsMax: number) => z.string().max(charsMax).regex(PRINTABLE, NOT_PRINTABLE)

/** What people write: of several lines perhaps, and never empty. */
export const remark = (charsMax: number) =>
  z
    .string()
    .trim()
    .min(1)
    .max(charsMax)
    .refine((text) => PRINTABLE.test(text.replace(/[\t\r\n]/g, ' ')), NOT_PRINTABLE)
