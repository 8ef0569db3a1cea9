/** For whoever runs us: which nodes there are, who owns what, and what lags behind. */
import { z } from 'zod'
import type { App } from '../app-type.ts'
import type { Runtime } from '../../runtime/index.ts'
import { instant, noQuery } from '../schemas/common.ts'
import { staffProblems } from '../schemas/problem.ts'

const node = z.object({
  node: z.string(),
  address: z.string().nullable().describe('where its REST is'),
  startedAt: instant,
  seenAt: instant,
  isLive: z.boolean().describe('false for one that died or stopped a short while ago'),
  slices: z.int().describe('how many it owns'),
})

const slice = z.object({ slice: z.int(), owner: z.string().nullable(), epoch: z.int().describe('rises with every new owner'), leaseUntil: instant.nullable() })

const cluster = z.object({
  node: z.string().describe('the node that answers'),
  nodes: z.array(node),
  slices: z.array(slice),
  lags: z.object({
    outbox: z.object({ waiting: z.int().describe('messages of all nodes that have not left yet'), oldestAt: instant.nullable() }),
    mail: z.object({ waiting: z.int().describe('mail that the bus holds for this node'), slices: z.array(z.object({ slice: z.int(), waiting: z.int() })) }),
  }),
  bus: z.object({ isConnected: z.boolean(), problem: z.string().optional() }),
})

export function clusterRoute(app: App, runtime: Runtime): void {
  app.get(
    '/cluster',
    { config: { permission: 'read', audited: 'refused' }, schema: { tags: ['health'], summary: 'Nodes, the slices they own, and what lags behind', querystring: noQuery, response: { 200: cluster, ...staffProblems() } } },
    async () => runtime.cluster(),
  )
}
