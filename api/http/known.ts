/** Filters that name what the code knows: a misspelt one finds nothing, and "nothing" would be taken for an answer. */
import { Problem } from './problem.ts'

const SHOWN_MAX = 100

/**
 * @param pointer of the value, in the query or (`where` absent) in the body.
 * @throws Problem `invalid-input` that names the allowed values.
 */
export function demandKnown(value: string | undefined, allowed: Iterable<string>, pointer: string, where?: 'query'): void {
  if (value === undefined) return
  const known = [...new Set(allowed)].sort()
  if (known.includes(value)) return
  const shown = known.length > SHOWN_MAX ? `${known.slice(0, SHOWN_MAX).join(', ')}, ...` : known.join(', ')
  throw new Problem('invalid-input', undefined, { errors: [{ pointer, detail: known.length === 0 ? 'there is none' : `is none of: ${shown}`, ...(where === undefined ? {} : { in: where }) }] })
}
