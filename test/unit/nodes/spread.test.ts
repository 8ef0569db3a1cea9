/** The rule by which slices are shared: even, the same for everybody, and without moving more than is needed. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { spread, type SliceView } from '../../../runtime/engine/ownership/spread.ts'

const NAMES = ['a', 'b', 'c', 'd', 'e', 'f', 'g']

const free = (): SliceView[] => Array.from({ length: 64 }, (_one, slice) => ({ slice, owner: undefined }))

function counts(nodes: readonly string[], slices: readonly SliceView[]): number[] {
  return nodes.map((node) => slices.filter(({ owner }) => owner === node).length)
}

/** All look and act at once, until nobody wants to; says how many slices have changed hands. */
function settle(nodes: readonly string[], slices: SliceView[]): number {
  let moved = 0
  for (let round = 0; round < 10; round++) {
    const plans = nodes.map((node) => ({ node, ...spread(node, nodes, slices) }))
    const taken = plans.flatMap(({ node, take }) => take.map((slice) => ({ slice, owner: node })))
    const given = plans.flatMap(({ give }) => give.map((slice) => ({ slice, owner: undefined })))
    expect(new Set(taken.map(({ slice }) => slice)).size).toBe(taken.length)
    if (taken.length + given.length === 0) return moved
    for (const { slice, owner } of [...taken, ...given]) slices[slice] = { slice, owner }
    moved += taken.length
  }
  throw new Error('it does not come to rest')
}

describe('spread', () => {
  it.each([1, 2, 3, 4, 5, 6, 7])('%i nodes have the same, but for one', (n) => {
    const nodes = NAMES.slice(0, n)
    const slices = free()
    settle(nodes, slices)
    const all = counts(nodes, slices)
    expect(all.reduce((a, b) => a + b)).toBe(64)
    expect(Math.max(...all) - Math.min(...all)).toBeLessThanOrEqual(1)
  })

  it('a lone node takes everything, and one that is not on the list yet takes its share', () => {
    expect(spread('a', [], free()).take).toHaveLength(64)
    expect(spread('b', ['a'], free()).take).toHaveLength(32)
  })

  it('from any state, in any order of joining and leaving, it comes to rest evenly and moves no more than it must', () => {
    const change = fc.record({ node: fc.constantFrom(...NAMES), isJoining: fc.boolean() })
    fc.assert(
      fc.property(fc.array(change, { maxLength: 12 }), (changes) => {
        let nodes = ['a']
        let slices = free()
        settle(nodes, slices)
        for (const { node, isJoining } of changes) {
          const before = counts(nodes, slices)
          if (isJoining === nodes.includes(node) || (!isJoining && nodes.length === 1)) continue
          const left = isJoining ? 0 : slices.filter(({ owner }) => owner === node).length
          nodes = isJoining ? [...nodes, node] : nodes.filter((one) => one !== node)
          slices = slices.map(({ slice, owner }) => ({ slice, owner: owner === node ? undefined : owner }))
          const moved = settle(nodes, slices)
          const all = counts(nodes, slices)
          expect(Math.max(...all) - Math.min(...all)).toBeLessThanOrEqual(1)
          // The share of who came, or what was left behind; one of each may go the other way round by the names.
          expect(moved).toBeLessThanOrEqual((isJoining ? Math.ceil(64 / nodes.length) : left) + before.length)
        }
      }),
    )
  })
})
