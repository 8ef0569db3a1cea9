/** How much mail the broker holds for each slice: one question now and then, whatever the number of slices. */
import type { Log } from '../../ports/log.ts'
import { inWords } from './errors.ts'
import type { Link } from './link.ts'
import { pause } from './pause.ts'
import { sliceOfMail, type Names } from './subjects.ts'

export class WaitingMail {
  readonly #link: Link
  readonly #names: Names
  readonly #everyMs: number
  readonly #log: Log
  readonly #stopping = new AbortController()
  #bySlice: ReadonlyMap<number, number> = new Map()
  #over: Promise<void> = Promise.resolve()

  constructor(link: Link, names: Names, everyMs: number, log: Log) {
    this.#link = link
    this.#names = names
    this.#everyMs = everyMs
    this.#log = log
  }

  start(): void {
    this.#over = this.#run(this.#stopping.signal)
  }

  stop(): Promise<void> {
    this.#stopping.abort()
    return this.#over
  }

  /** In messages, each of one or more mails. */
  of(slices: Iterable<number>): Map<number, number> {
    return new Map([...slices].map((slice) => [slice, this.#bySlice.get(slice) ?? 0]))
  }

  async #run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const session = await this.#link.ready(signal)
      if (session === undefined) return
      try {
        const { state } = await session.jsm.streams.info(this.#names.mailStream, { subjects_filter: this.#names.allMail })
        this.#bySlice = new Map(Object.entries(state.subjects ?? {}).map(([subject, count]) => [sliceOfMail(subject) ?? -1, count]))
      } catch (error) {
        this.#log.debug({ problem: inWords(error) }, 'the waiting mail could not be counted')
      }
      await pause(this.#everyMs, signal)
    }
  }
}
