/** Pieces that many schemas share. */
import { z } from 'zod'
import { remark } from '../../machines/printable.ts'

export const instant = z.iso.datetime({ offset: true }).describe('RFC 3339')

const PAGE_LIMIT_MAX = 200
const PAGE_LIMIT_DEFAULT = 50

/** A whole number as it stands in a query. */
export const wholeNumber = (min: number, max: number) => z.string().regex(/^\d{1,15}$/, 'must be a whole number').transform(Number).pipe(z.number().min(min).max(max))

export const pageQuery = {
  limit: wholeNumber(1, PAGE_LIMIT_MAX).default(PAGE_LIMIT_DEFAULT).describe(`1 to ${PAGE_LIMIT_MAX}; ${PAGE_LIMIT_DEFAULT} unless said`),
  cursor: z.string().max(1_000).optional().describe('`nextCursor` of the page before'),
}

/** For addresses that take no query: a misspelt one is refused, not overlooked. */
export const noQuery = z.strictObject({})

export const actorParams = z.object({ type: z.string(), id: z.string() })
export const typeParams = z.object({ type: z.string() })

export const reasonBody = z.strictObject({ reason: remark(500).describe('Why, for the journal') })

export const page = <Row extends z.ZodType>(row: Row) => z.object({ data: z.array(row), nextCursor: z.string().nullable() })

/** Any JSON object with a type; what else it holds is the machine's business. */
export const eventBody = z.looseObject({ type: z.string().min(1).max(200) }).meta({ id: 'Event', description: 'An event: its type and, beside it, its payload' })

export const createdId = z.string().regex(/^[A-Za-z0-9_-]{1,64}$/, 'must be 1 to 64 letters, digits, _ or -')
