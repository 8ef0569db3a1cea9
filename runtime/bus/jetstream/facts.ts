/** Facts on their way to the broker, many at once; the listeners on this node hear them when they are stored. */
import type { Fact } from '../../model/messages.ts'
import { cloudEvent } from './cloud-event.ts'
import type { Link } from './link.ts'
import type { Settings } from './options.ts'
import type { Names } from './subjects.ts'

export class Facts {
  readonly #link: Link
  readonly #names: Names
  readonly #settings: Settings
  readonly #listeners = new Set<(fact: Fact) => void>()

  constructor(link: Link, names: Names, settings: Settings) {
    this.#link = link
    this.#names = names
    this.#settings = settings
  }

  /** Resolves when the broker has stored it. */
  async publish(fact: Fact): Promise<void> {
    const { prefix, metrics, log } = this.#settings
    const { publisher } = this.#link.readySession()
    const event = cloudEvent(fact, prefix)
    await publisher.publish(this.#names.fact(fact.address, fact.type), event.data, event.headers)
    metrics.published('fact', 1)
    for (const listener of this.#listeners) {
      try {
        listener(fact)
      } catch (error) {
        log.error({ key: fact.key, err: error }, 'a listener of facts failed')
      }
    }
  }

  listen(listener: (fact: Fact) => void): () => void {
    this.#listeners.add(listener)
    return () => void this.#listeners.delete(listener)
  }
}
