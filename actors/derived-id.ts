import { createHash } from 'node:crypto'

const ID_CHARS_MAX = 64

/** The id of an actor that belongs to another: the same for the same two, and within the limit of ids. */
export function derivedId(id: string, purpose: string): string {
  const plain = `${id}-${purpose}`
  if (plain.length <= ID_CHARS_MAX) return plain
  return `${createHash('sha256').update(id).digest('hex').slice(0, 40)}-${purpose}`
}
