/**
 * Who should have how many slices: every live node the same, but for one where they do not divide evenly. Pure, and the same on every
 * node that sees the same, so that nobody needs to lead. Only what is too much somewhere moves.
 */
import { compareText } from '../../store/order.ts'

export interface SliceView {
  slice: number
  /** Nobody when it is free to take. */
  owner: string | undefined
}

export interface Spread {
  /** Free slices that are this node's to take. */
  take: number[]
  /** Own slices that are to go to others. */
  give: number[]
  /** Who waits for slices, this node excepted. */
  short: string[]
  /** This node has fewer than its share, whether it can take them yet or not. */
  isShort: boolean
}

export function spread(self: string, liveNodes: readonly string[], slices: readonly SliceView[]): Spread {
  const nodes = [...new Set([...liveNodes, self])].sort(compareText)
  const missing = new Map(nodes.map((node, index) => [node, shareOf(index, nodes.length, slices.length) - slices.filter(({ owner }) => owner === node).length]))
  const free = slices.filter(({ owner }) => owner === undefined).map(({ slice }) => slice)
  const short = nodes.filter((node) => (missing.get(node) ?? 0) > 0)

  // Each takes its own part of what is free, or all would reach for the same.
  let first = 0
  for (const node of short) {
    if (node === self) break
    first += missing.get(node) ?? 0
  }
  const own = missing.get(self) ?? 0
  const others = short.filter((node) => node !== self)
  const wantedByOthers = others.reduce((sum, node) => sum + (missing.get(node) ?? 0), 0)
  const surplus = Math.min(-own, wantedByOthers - free.length)
  const mine = slices.filter(({ owner }) => owner === self).map(({ slice }) => slice)
  return {
    take: own > 0 ? free.slice(first, first + own) : [],
    give: surplus > 0 ? mine.slice(-surplus) : [],
    short: others,
    isShort: own > 0,
  }
}

function shareOf(index: number, nodes: number, slices: number): number {
  return Math.floor(slices / nodes) + (index < slices % nodes ? 1 : 0)
}
