/**
 * Which slices this node owns, and who owns the others (design §2, "Slices").
 *
 * - A node acts for a slice only until the moment at which it *sent* its last renewal, plus the lease, less a margin.
 * - Work on a slice begins after the bus brings its mail here, and has ended before the bus is told to stop and the lease is given up.
 * - What is lost is dropped at once; what was lost and is ours again is read anew, as after a crash (R10).
 *
 * A wrong belief about all this harms nothing (R2, R3).
 */
import type { Log } from '../../ports/log.ts'
import type { BeatAnswer, LeaseSession, Leases, NodeRow } from '../../ports/leases.ts'
import type { Metrics } from '../../ports/metrics.ts'
import { SLICE_COUNT } from '../../model/address.ts'
import { BeatLoop } from './beat-loop.ts'
import { HeldSlices } from './held-slices.ts'
import type { LeaseClock } from './lease-clock.ts'
import { MailOrder } from './mail-order.ts'
import { spread } from './spread.ts'

export interface LeaseTimes {
  leaseMs: number
  /** Taken off the lease for what clocks and the network do. */
  marginMs: number
  beatMs: number
  /** How long running work may keep a slice from being handed over. */
  handOverMs: number
}

export const LEASE_TIMES: LeaseTimes = { leaseMs: 6_000, marginMs: 1_000, beatMs: 1_000, handOverMs: 500 }

export interface OwnershipParts {
  leases: Leases
  node: string
  address: () => string | null
  clock: LeaseClock
  times: LeaseTimes
  log: Log
  metrics: Metrics
}

/** What ownership sets off in the engine. */
export interface OwnershipHooks {
  /** Mail of these slices comes here from now on, and of no others. */
  bringMail(held: ReadonlyMap<number, number>): Promise<void>
  /** Called right before these become ours. */
  gaining(slices: readonly number[]): void
  gained(slices: readonly number[]): void
  /** Ours no more: nothing is begun for them. */
  lost(slices: readonly number[]): void
  /** True when nothing that was begun for these is still under way. */
  isQuiet(slices: readonly number[]): boolean
  /** There is work for these nodes: they should look now. */
  wake(nodes: readonly string[]): void
  /** Who owns what has been read anew. */
  looked(): void
}

const RETRY_MS = 250
const SHORT_MS = 250
const RACE_MS = 100
const LOOK_MS = 10
const ALL: readonly number[] = Array.from({ length: SLICE_COUNT }, (_one, slice) => slice)

export class Ownership {
  readonly node: string
  readonly held: HeldSlices
  readonly #parts: OwnershipParts
  readonly #loop: BeatLoop
  readonly #mail: MailOrder
  #hooks!: OwnershipHooks // set by `claim`, before anything can happen
  #session: LeaseSession | undefined
  /** As the last beat left it: slice -> epoch. */
  #leased = new Map<number, number>()
  /** On their way to others: renewed still, worked on no more. */
  readonly #leaving = new Set<number>()
  #nodes: NodeRow[] = []
  #owners: (string | undefined)[] = []
  #take: number[] = []
  #aligning: Promise<void> | undefined
  #alignNext: Promise<void> | undefined
  #isHandingOver = false
  #isOver = false

  constructor(parts: OwnershipParts) {
    this.#parts = parts
    this.node = parts.node
    this.held = new HeldSlices(parts.clock)
    this.#mail = new MailOrder(parts.clock, parts.log)
    this.#loop = new BeatLoop(parts.clock, () => this.#beat())
  }

  /** No other node lives, as far as the last beat saw. */
  get isAlone(): boolean {
    return this.#others().length === 0
  }

  /** All slices are ours: nobody needs to be asked. */
  get isWhole(): boolean {
    return this.held.count === SLICE_COUNT
  }

  /** The live node that owns a slice, this one included. */
  ownerOf(slice: number): string | undefined {
    if (this.#leased.has(slice) && !this.#leaving.has(slice)) return this.node
    const owner = this.#owners[slice]
    return owner === this.node ? undefined : owner
  }

  /** The first beat: a lone node owns everything after it. */
  async claim(hooks: OwnershipHooks): Promise<void> {
    this.#hooks = hooks
    this.#session = this.#parts.leases.open()
    await this.#exchange([...ALL], true)
    if (this.#take.length > 0) await this.#exchange(this.#take, false)
  }

  /** Once mail can come: work begins, beats go on. */
  async run(): Promise<void> {
    await this.#reconcile()
    if (this.#isOver) return
    this.#loop.start(this.isAlone ? this.#parts.times.beatMs : 0)
    if (!this.isAlone) this.#hooks.wake(this.#others())
  }

  /** Somebody has given something up, or wants something. */
  look(): void {
    this.#loop.soon()
  }

  /** Gives everything up, in order. */
  async leave(): Promise<void> {
    if (this.#isOver || this.#session === undefined) return
    this.#isOver = true
    this.#loop.stop()
    const all = this.held.all()
    this.#drop(all)
    await this.#whenQuiet(all)
    this.#leased.clear()
    await this.#reconcile()
    await this.#session.leave(this.node)
    this.#hooks.wake(this.#others())
  }

  /** As a crash would: others notice that the session is gone. */
  kill(): void {
    this.#isOver = true
    this.#loop.stop()
    this.held.deactivate(ALL)
    this.#leased.clear()
    this.#session?.close()
  }

  async #beat(): Promise<number> {
    const { log, times } = this.#parts
    const wanted = this.#take.length
    try {
      const isShort = await this.#exchange(this.#take, false)
      if (this.#isOver) return times.beatMs
      void this.#reconcile()
      if (this.#take.length > 0) return wanted > 0 ? RACE_MS : 0
      return isShort ? Math.min(SHORT_MS, times.beatMs) : times.beatMs
    } catch (error) {
      log.warn({ err: error, slices: this.held.count }, 'the leases could not be renewed; trying again')
      if (!this.held.isValid) this.#drop(this.held.all())
      return Math.min(RETRY_MS, times.beatMs)
    }
  }

  /** Resolves with whether this node has less than its share. */
  async #exchange(take: readonly number[], isFirst: boolean): Promise<boolean> {
    const { node, address, clock, times } = this.#parts
    const sentAt = clock.now()
    const answer = await (this.#session as LeaseSession).beat({ node, address: address(), leaseMs: times.leaseMs, held: this.#leased, take, takeOnlyAlone: isFirst, isFirst })
    if (this.#isOver) return false
    this.#take = []
    this.#apply(answer, sentAt)
    return this.#decide(answer)
  }

  #apply({ held, nodes, slices }: BeatAnswer, sentAt: number): void {
    const { times } = this.#parts
    // What ran out meanwhile may have been another's in between; it is read anew.
    const lost = this.held.isValid ? this.held.all().filter((slice) => held.get(slice) !== this.#leased.get(slice)) : this.held.all()
    for (const slice of this.#leaving) if (!held.has(slice)) this.#leaving.delete(slice)
    this.#leased = held
    if (lost.length > 0) this.#drop(lost)
    this.held.extend(sentAt + times.leaseMs - times.marginMs)
    this.#nodes = nodes
    for (const { slice, owner, isFree } of slices) this.#owners[slice] = held.has(slice) ? this.node : isFree || owner === this.node ? undefined : (owner ?? undefined)
    this.#hooks.looked()
  }

  #decide({ slices }: BeatAnswer): boolean {
    const plan = spread(this.node, this.#nodes.filter(({ isLive }) => isLive).map(({ node }) => node), slices.map(({ slice }) => ({ slice, owner: this.#owners[slice] })))
    this.#take = plan.take
    if (plan.give.length > 0 && !this.#isHandingOver) void this.#handOver(plan.give, plan.short)
    return plan.isShort
  }

  async #handOver(slices: readonly number[], to: readonly string[]): Promise<void> {
    const { log, node } = this.#parts
    this.#isHandingOver = true
    try {
      for (const slice of slices) this.#leaving.add(slice)
      this.#drop(slices)
      await this.#whenQuiet(slices)
      await this.#reconcile()
      if (this.#isOver) return
      const given = new Map([...this.#leased].filter(([slice]) => this.#leaving.has(slice)))
      await this.#session?.release(node, given)
      for (const slice of given.keys()) {
        this.#leased.delete(slice)
        this.#owners[slice] = undefined
      }
      this.#hooks.wake(to)
    } catch (error) {
      log.warn({ err: error }, 'slices could not be handed over; they stay for now')
    } finally {
      for (const slice of slices) this.#leaving.delete(slice)
      this.#isHandingOver = false
      void this.#reconcile()
    }
  }

  #drop(slices: readonly number[]): void {
    const active = slices.filter((slice) => this.held.holds(slice))
    if (active.length === 0) return
    this.held.deactivate(active)
    this.#parts.metrics.slicesMoved('lost', active.length)
    this.#parts.log.info({ slices: active.length, left: this.held.count }, 'slices are not ours any more')
    this.#hooks.lost(active)
  }

  /** Brings what is worked on in line with what is leased, the bus first. One at a time. */
  #reconcile(): Promise<void> {
    if (this.#aligning === undefined) {
      this.#aligning = this.#align().finally(() => {
        this.#aligning = undefined
      })
      return this.#aligning
    }
    // The one under way may have looked already.
    this.#alignNext ??= this.#aligning.then(() => {
      this.#alignNext = undefined
      return this.#reconcile()
    })
    return this.#alignNext
  }

  async #align(): Promise<void> {
    for (;;) {
      const wanted = this.#wanted()
      const isTold = this.#mail.isTold(wanted)
      // The leases may have moved on while the bus was busy.
      if (!isTold && (await this.#mail.tell(wanted, (slices) => this.#hooks.bringMail(slices)))) continue
      const gained = [...this.#wanted().keys()].filter((slice) => !this.held.holds(slice))
      if (gained.length === 0 || this.#isOver || !this.held.isValid) return
      this.#hooks.gaining(gained)
      this.held.activate(gained)
      this.#parts.metrics.slicesMoved('gained', gained.length)
      this.#parts.log.info({ slices: gained.length, owned: this.held.count }, 'slices are ours')
      this.#hooks.gained(gained)
      // The others learn whom to ask.
      this.#hooks.wake(this.#others())
      if (!isTold) return
    }
  }

  #wanted(): Map<number, number> {
    return new Map([...this.#leased].filter(([slice]) => !this.#leaving.has(slice)))
  }

  /** Waits for what is under way, but not for long: whoever takes over begins it anew (R5). */
  async #whenQuiet(slices: readonly number[]): Promise<void> {
    const { clock, times } = this.#parts
    const until = clock.now() + times.handOverMs
    while (!this.#hooks.isQuiet(slices) && clock.now() < until) await new Promise<void>((resolve) => void clock.after(LOOK_MS, resolve, true))
  }

  #others(): string[] {
    return this.#nodes.filter(({ node, isLive }) => isLive && node !== this.node).map(({ node }) => node)
  }
}
