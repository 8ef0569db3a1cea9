/**
 * All lanes, and whose turn it is when more could run than may run at once (R9). Stride scheduling: each turn moves a lane on by
 * 1/weight, and the lane that is furthest behind is next. So of two lanes that both wait, one of weight 4 gets four turns for each of
 * one of weight 1, and none waits for ever, however busy the others are.
 */
import type { EffectRow } from '../model/records.ts'
import type { LaneOptions } from '../runtime-face.ts'
import { Lane } from './lane.ts'

const DEFAULT_CONCURRENCY = 16

export class Lanes {
  readonly #lanes = new Map<string, Lane>()
  readonly #options: Readonly<Record<string, LaneOptions>>
  readonly #atOnce: number
  #running = 0
  /** Where the lane that had the last turn stood: who has waited for nothing begins here and has saved up nothing. */
  #now = 0

  constructor(options: Readonly<Record<string, LaneOptions>>, atOnce: number) {
    this.#options = options
    this.#atOnce = atOnce
    for (const name of Object.keys(options)) this.lane(name)
  }

  lane(name: string): Lane {
    let lane = this.#lanes.get(name)
    if (lane === undefined) {
      lane = new Lane(name, this.#options[name] ?? { concurrency: DEFAULT_CONCURRENCY })
      this.#lanes.set(name, lane)
    }
    return lane
  }

  values(): IterableIterator<Lane> {
    return this.#lanes.values()
  }

  push(lane: Lane, row: EffectRow): void {
    if (lane.queued === 0 && lane.pass < this.#now) lane.pass = this.#now
    lane.push(row)
  }

  /** The next to run, which counts as running from here on. */
  begin(): { lane: Lane; row: EffectRow } | undefined {
    if (this.#running >= this.#atOnce) return undefined
    let next: Lane | undefined
    for (const lane of this.#lanes.values()) if (lane.isReady && (next === undefined || lane.pass < next.pass)) next = lane
    const row = next?.take()
    if (next === undefined || row === undefined) return undefined
    this.#now = next.pass
    next.pass += 1 / next.weight
    next.running++
    this.#running++
    return { lane: next, row }
  }

  end(lane: Lane): void {
    lane.running--
    this.#running--
  }
}
