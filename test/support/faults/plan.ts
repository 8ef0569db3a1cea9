/** When what goes wrong: the n-th call at a boundary. Plain data, so that it shrinks and can be printed. */

export type StoreFault =
  /** The process dies: before the call reaches the store, or after it has taken effect and before the answer. */
  | 'crash-before'
  | 'crash-after'
  /** The connection breaks: the outcome is unknown to the caller. */
  | 'unavailable-before'
  | 'unavailable-after'
  /** No answer ever; the process is killed a while later. */
  | 'hang-before'
  | 'hang-after'
  /** The answer takes its time; others overtake it. */
  | 'slow-before'
  | 'slow-after'

export type BusFault =
  | 'crash-before'
  | 'crash-after'
  /** The bus takes nothing; it is asked again. */
  | 'refuse'
  /** Delivered, but the sender hears of a failure. */
  | 'ack-lost'
  /** Delivered twice at once. */
  | 'twice'
  /** Delivered, and once more much later. */
  | 'again-later'

export type EffectFault = 'crash-before' | 'crash-after'

export const STORE_FAULTS: readonly StoreFault[] = ['crash-before', 'crash-after', 'unavailable-before', 'unavailable-after', 'hang-before', 'hang-after', 'slow-before', 'slow-after']
export const BUS_FAULTS: readonly BusFault[] = ['crash-before', 'crash-after', 'refuse', 'ack-lost', 'twice', 'again-later']
export const EFFECT_FAULTS: readonly EffectFault[] = ['crash-before', 'crash-after']

export type Fault = { at: number } & ({ site: 'store'; fault: StoreFault } | { site: 'bus'; fault: BusFault } | { site: 'effect'; fault: EffectFault })
export type Site = Fault['site']

type FaultAt<S extends Site> = (Fault & { site: S })['fault']

/** Counts the calls at each boundary over all lives of the process, and says which of them go wrong. */
export class FaultPlan {
  readonly calls: Record<Site, number> = { store: 0, bus: 0, effect: 0 }
  readonly #faults: readonly Fault[]
  #off = false

  /** `within` folds positions into the calls that a run without faults makes, so that most of them are hit. */
  constructor(faults: readonly Fault[], within?: Readonly<Record<Site, number>>) {
    this.#faults = faults.map((fault) => ({ ...fault, at: within === undefined ? fault.at : fault.at % Math.max(1, within[fault.site]) }))
  }

  next<S extends Site>(site: S): FaultAt<S> | undefined {
    const at = this.calls[site]++
    if (this.#off) return undefined
    return this.#faults.find((fault) => fault.site === site && fault.at === at)?.fault as FaultAt<S> | undefined
  }

  /** From now on nothing goes wrong. */
  end(): void {
    this.#off = true
  }
}
