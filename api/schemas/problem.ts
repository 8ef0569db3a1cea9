/** RFC 9457 problems, as the OpenAPI document shows them. */
import { z } from 'zod'
import { PROBLEM_STATUS, PROBLEM_TITLES, type ProblemCode } from '../http/problem.ts'

const codes = Object.keys(PROBLEM_STATUS) as [ProblemCode, ...ProblemCode[]]

export const problemSchema = z
  .looseObject({
    type: z.string(),
    title: z.string(),
    status: z.int(),
    detail: z.string(),
    instance: z.string(),
    code: z.enum(codes),
    traceId: z.string(),
    errors: z.array(z.object({ pointer: z.string().describe('JSON pointer'), detail: z.string(), in: z.enum(['query', 'path', 'header']).optional().describe('absent for the body') })).optional(),
    accepts: z.array(z.string()).optional().describe('event types that the current state takes'),
    refusedBy: z.array(z.object({ guard: z.string(), phrase: z.string().optional() })).optional(),
  })
  .meta({ id: 'Problem' })

/** Every route can fail so. */
const ANYWHERE: readonly ProblemCode[] = ['internal', 'overloaded']
/** Every route behind the key check. */
const STAFF: readonly ProblemCode[] = ['unauthenticated', 'forbidden']

/**
 * Response schemas of these codes, for a route's `response`. The type is empty on purpose: handlers throw
 * problems and never return them.
 */
export function problems(...listed: readonly ProblemCode[]): object {
  const byStatus = new Map<number, ProblemCode[]>()
  for (const code of new Set([...listed, ...ANYWHERE])) byStatus.set(PROBLEM_STATUS[code], [...(byStatus.get(PROBLEM_STATUS[code]) ?? []), code])
  return Object.fromEntries(
    [...byStatus].map(([status, list]) => [
      status,
      { description: list.map((code) => `\`${code}\`: ${PROBLEM_TITLES[code]}`).join('\n\n'), content: { 'application/problem+json': { schema: problemSchema } } },
    ]),
  )
}

/** As {@link problems}, for a route that needs a key. */
export function staffProblems(...listed: readonly ProblemCode[]): object {
  return problems(...STAFF, 'invalid-input', ...listed)
}
