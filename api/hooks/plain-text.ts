/** What a web hook brings may hold anything; what goes on to actors holds no control characters. */
import { PRINTABLE } from '../../machines/printable.ts'

export function isPlain(text: string): boolean {
  return PRINTABLE.test(text)
}

/** A space in the place of each, for texts that are only ever read. */
export function madePlain(text: string): string {
  return text.replace(/[\p{Cc}\p{Cs}]/gu, ' ')
}
