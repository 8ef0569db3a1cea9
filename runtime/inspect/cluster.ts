/** Who is there, who owns what, and what lags behind. */
import type { EngineParts } from '../engine/parts.ts'
import type { ClusterView } from '../runtime-face.ts'
import { toIso } from './view.ts'

export async function clusterView({ store, bus, ownership }: Pick<EngineParts, 'store' | 'bus' | 'ownership'>): Promise<ClusterView> {
  const [{ nodes, slices }, { count, oldestAt }] = await Promise.all([store.leases.list(), store.outboxBacklog()])
  const { isConnected, problem, waitingMail } = bus.status()
  const mail = [...waitingMail].filter(([, waiting]) => waiting > 0).map(([slice, waiting]) => ({ slice, waiting }))
  return {
    node: ownership.node,
    nodes: nodes.map(({ node, address, startedAt, seenAt, isLive }) => ({ node, address, startedAt: toIso(startedAt), seenAt: toIso(seenAt), isLive, slices: slices.filter(({ owner }) => owner === node).length })),
    slices: slices.map(({ slice, owner, epoch, leaseUntil }) => ({ slice, owner, epoch, leaseUntil: leaseUntil === null ? null : toIso(leaseUntil) })),
    lags: {
      outbox: { waiting: count, oldestAt: oldestAt === undefined ? null : toIso(oldestAt) },
      mail: { waiting: mail.reduce((sum, { waiting }) => sum + waiting, 0), slices: mail },
    },
    bus: { isConnected, ...(problem === undefined ? {} : { problem }) },
  }
}
