/** The catalogue of machines: how many actors are in which state, and what each machine says. */
import { z } from 'zod'
import type { App } from '../app-type.ts'
import { StandingError, type ActorDefinition, type Runtime } from '../../runtime/index.ts'
import { describeMachine } from '../machines/describe.ts'
import { instant, noQuery, typeParams } from '../schemas/common.ts'
import { staffProblems } from '../schemas/problem.ts'
import { definitionOf } from './actors.ts'

const counts = z.record(z.string(), z.int())
const machineSummary = z.object({ type: z.string(), version: z.string(), actors: counts.describe('per status'), states: counts.describe('per active state id') })

const machineDetail = z.object({
  type: z.string(),
  version: z.string(),
  current: z.boolean().describe('false for a version that runs no more'),
  deployedAt: instant.nullable(),
  hash: z.string().nullable(),
  definition: z.unknown().describe('states, transitions, guards, delays, descriptions'),
  words: z.unknown().describe('phrases for staff and customer'),
  versions: z.array(z.object({ version: z.string(), deployedAt: instant, hash: z.string() })),
})

export function machineRoutes(app: App, runtime: Runtime): void {
  app.get(
    '/machines',
    { config: { permission: 'read', audited: 'refused' }, schema: { tags: ['machines'], summary: 'All machines, with counts per state', querystring: noQuery, response: { 200: z.object({ data: z.array(machineSummary) }), ...staffProblems() } } },
    async ({ principal }) => {
      const stored = await runtime.stateCounts(principal.tenant)
      return {
        data: runtime.definitions().map(({ type, version }) => {
          const own = stored.filter((row) => row.type === type)
          return { type, version, actors: actorCounts(own), states: sum(own, ({ state }) => state) }
        }),
      }

      /** Every active state counts an actor once; the top-level ones together count each actor once, unless they are parallel. */
      function actorCounts(own: typeof stored) {
        return sum(own.filter(({ state }) => !state.includes('.')), ({ status }) => status)
      }
    },
  )

  app.get(
    '/machines/:type',
    {
      config: { permission: 'read', audited: 'refused' },
      schema: {
        tags: ['machines'],
        summary: 'One machine as JSON',
        params: typeParams,
        querystring: z.strictObject({ version: z.string().min(1).max(100).optional() }),
        response: { 200: machineDetail, ...staffProblems('actor-type-unknown') },
      },
    },
    async ({ params: { type }, query: { version } }) => {
      const definition = definitionOf(runtime, type)
      const rows = (await runtime.machines()).filter((row) => row.type === type)
      const versions = rows.map((row) => ({ version: row.version, deployedAt: new Date(row.deployedAt).toISOString(), hash: row.hash }))
      const wanted = version ?? definition.version
      const row = rows.find((one) => one.version === wanted)
      const base = { type, version: wanted, deployedAt: row === undefined ? null : new Date(row.deployedAt).toISOString(), hash: row?.hash ?? null, versions }
      if (wanted === definition.version) return { ...base, current: true, definition: describeMachine(definition), words: wordsOf(definition) }
      if (row === undefined) throw new StandingError('actor-type-unknown', `There is no version '${wanted}' of '${type}'.`)
      return { ...base, current: false, definition: JSON.parse(row.definition) as unknown, words: null }
    },
  )
}

function sum<Row extends { count: number }>(rows: readonly Row[], keyOf: (row: Row) => string): Record<string, number> {
  const sums: Record<string, number> = {}
  for (const row of rows) sums[keyOf(row)] = (sums[keyOf(row)] ?? 0) + row.count
  return sums
}

function wordsOf(definition: ActorDefinition): unknown {
  return definition.words ?? null
}
