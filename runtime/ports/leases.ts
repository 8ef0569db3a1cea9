/**
 * The leases part of the store port: which node owns which slice, until when. A lease is a row with an epoch that rises with
 * every new owner. Leases run on the store's own time, whatever the engine's clock says.
 *
 * They keep order and spare double work. What protects the data when a node believes wrongly are R2 and R3.
 */

export interface NodeRow {
  node: string
  /** Where people find its REST; null when it did not say. */
  address: string | null
  /** Its first beat. */
  startedAt: number
  seenAt: number
  /** Its beats come in time and its session stands. */
  isLive: boolean
}

export interface SliceRow {
  slice: number
  owner: string | null
  epoch: number
  leaseUntil: number | null
  /** Anybody may take it: nobody's, its lease is over, or its owner is dead. */
  isFree: boolean
}

export interface BeatRequest {
  node: string
  address: string | null
  leaseMs: number
  /** Slice -> epoch of what this node holds; renewed where it is still so. */
  held: ReadonlyMap<number, number>
  /** Taken where free; the epoch rises. */
  take: readonly number[]
  /** Takes nothing while another node lives. */
  takeOnlyAlone: boolean
  /** The node has just been started. */
  isFirst: boolean
}

export interface BeatAnswer {
  /** Slice -> epoch of what this node holds now, with a new lease. What it held and is not here is lost. */
  held: Map<number, number>
  /** Everybody that is known, this node included, by name. */
  nodes: NodeRow[]
  /** All slices in order, as they were just before. */
  slices: SliceRow[]
}

/** One node's claim to be alive. */
export interface LeaseSession {
  /** Says that the node lives, renews its leases, takes what it asks for, and reads who else is there: one round trip. */
  beat(request: BeatRequest): Promise<BeatAnswer>
  /** Gives these up, where slice and epoch are still so. */
  release(node: string, held: ReadonlyMap<number, number>): Promise<void>
  /** Gives up everything, takes the node off the list, and ends the session. */
  leave(node: string): Promise<void>
  /** Ends the session as a crash would: nothing is written, others notice. */
  close(): void
}

export interface Leases {
  /** A session costs nothing before its first beat. */
  open(): LeaseSession
  list(): Promise<{ nodes: NodeRow[]; slices: SliceRow[] }>
}
