/** Leases in memory: for runtimes of one process that share a store. A session that is closed is as dead as its process would be. */
import { SLICE_COUNT } from '../model/address.ts'
import type { BeatAnswer, BeatRequest, LeaseSession, Leases, NodeRow, SliceRow } from '../ports/leases.ts'
import { StoreUnavailableError } from '../ports/store.ts'
import { compareText } from './order.ts'

interface Node {
  address: string | null
  startedAt: number
  seenAt: number
  seenUntil: number
  session: Session
}

interface Slice {
  owner: string | null
  epoch: number
  leaseUntil: number | null
}

/** @param now the time that leases run on. */
export function memoryLeases(now: () => number = () => Date.now()): Leases {
  const table = new LeaseTable(now)
  return { open: () => new Session(table), list: () => Promise.resolve(table.list()) }
}

class LeaseTable {
  readonly nodes = new Map<string, Node>()
  readonly slices: Slice[] = Array.from({ length: SLICE_COUNT }, () => ({ owner: null, epoch: 0, leaseUntil: null }))
  readonly #now: () => number

  constructor(now: () => number) {
    this.#now = now
  }

  beat({ node, address, leaseMs, held, take, takeOnlyAlone, isFirst }: BeatRequest, session: Session): BeatAnswer {
    const now = this.#now()
    const startedAt = isFirst ? now : (this.nodes.get(node)?.startedAt ?? now)
    this.nodes.set(node, { address, startedAt, seenAt: now, seenUntil: now + leaseMs, session })
    const before = this.list()
    const isAlone = !before.nodes.some((one) => one.isLive && one.node !== node)
    const wanted = new Set(takeOnlyAlone && !isAlone ? [] : take)
    const mine = new Map<number, number>()
    for (const [index, slice] of this.slices.entries()) {
      const isHeld = slice.owner === node && held.get(index) === slice.epoch
      if (!isHeld && !(wanted.has(index) && (slice.owner === node || before.slices[index]?.isFree === true))) continue
      if (!isHeld) slice.epoch++
      slice.owner = node
      slice.leaseUntil = now + leaseMs
      mine.set(index, slice.epoch)
    }
    return { held: mine, ...before }
  }

  release(node: string, held: ReadonlyMap<number, number>): void {
    for (const [index, epoch] of held) {
      const slice = this.slices[index]
      if (slice?.owner === node && slice.epoch === epoch) Object.assign(slice, { owner: null, leaseUntil: null })
    }
  }

  leave(node: string): void {
    for (const slice of this.slices) if (slice.owner === node) Object.assign(slice, { owner: null, leaseUntil: null })
    this.nodes.delete(node)
  }

  list(): { nodes: NodeRow[]; slices: SliceRow[] } {
    const now = this.#now()
    const nodes = [...this.nodes].map(([node, { address, startedAt, seenAt, seenUntil, session }]): NodeRow => ({ node, address, startedAt, seenAt, isLive: seenUntil > now && !session.isClosed }))
    const dead = new Set(nodes.filter(({ isLive }) => !isLive).map(({ node }) => node))
    const slices = this.slices.map(({ owner, epoch, leaseUntil }, slice): SliceRow => ({ slice, owner, epoch, leaseUntil, isFree: owner === null || leaseUntil === null || leaseUntil <= now || dead.has(owner) }))
    return { nodes: nodes.sort((a, b) => compareText(a.node, b.node)), slices }
  }
}

class Session implements LeaseSession {
  readonly #table: LeaseTable
  isClosed = false

  constructor(table: LeaseTable) {
    this.#table = table
  }

  async beat(request: BeatRequest): Promise<BeatAnswer> {
    this.#assertOpen()
    return this.#table.beat(request, this)
  }

  async release(node: string, held: ReadonlyMap<number, number>): Promise<void> {
    this.#assertOpen()
    this.#table.release(node, held)
  }

  async leave(node: string): Promise<void> {
    this.#assertOpen()
    this.#table.leave(node)
    this.isClosed = true
  }

  close(): void {
    this.isClosed = true
  }

  #assertOpen(): void {
    if (this.isClosed) throw new StoreUnavailableError('the lease session is closed')
  }
}
