/** Writes what happens to effects between their commits, grouped: how attempts go, and which actions are done. */
import type { EffectRow } from '../model/records.ts'
import type { Log } from '../ports/log.ts'
import type { Store } from '../ports/store.ts'
import type { Activity } from './activity.ts'

const RETRY_MS = 200

export class EffectLedger {
  readonly #store: Store
  readonly #activity: Activity
  readonly #log: Log
  /** Only the latest state of each matters. */
  #progress = new Map<string, EffectRow>()
  #removed = new Set<string>()
  #writing = false
  #killed = false

  constructor(store: Store, activity: Activity, log: Log) {
    this.#store = store
    this.#activity = activity
    this.#log = log
  }

  progress(row: EffectRow): void {
    this.#progress.set(row.key, row)
    this.#write()
  }

  remove(key: string): void {
    this.#progress.delete(key)
    this.#removed.add(key)
    this.#write()
  }

  kill(): void {
    this.#killed = true
  }

  #write(): void {
    if (this.#writing || this.#killed) return
    this.#writing = true
    void this.#activity.during(() => this.#flush()).finally(() => {
      this.#writing = false
      if (this.#progress.size > 0 || this.#removed.size > 0) this.#write()
    })
  }

  async #flush(): Promise<void> {
    // Everything of this turn of the event loop goes into one statement.
    await new Promise((resolve) => setImmediate(resolve))
    const progress = this.#progress
    const removed = this.#removed
    this.#progress = new Map()
    this.#removed = new Set()
    if (this.#killed) return
    try {
      if (progress.size > 0) {
        await this.#store.progressEffects([...progress.values()].map(({ key, status, attempts, nextAttemptAt, lastError }) => ({ key, status, attempts, nextAttemptAt, lastError })))
      }
      if (removed.size > 0) await this.#store.removeEffects([...removed])
    } catch (error) {
      this.#log.warn({ err: error }, 'the progress of effects could not be written; trying again')
      for (const [key, row] of progress) if (!this.#progress.has(key) && !this.#removed.has(key)) this.#progress.set(key, row)
      for (const key of removed) this.#removed.add(key)
      await new Promise((resolve) => setTimeout(resolve, RETRY_MS))
    }
  }
}
