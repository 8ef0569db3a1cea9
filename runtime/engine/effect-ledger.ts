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
  /** Beginnings of attempts: whoever makes the call waits for these, and does not make it when they could not be written. */
  #notes: { row: EffectRow; resolve: (isWritten: boolean) => void }[] = []
  /** Whoever waits for the next statement to be through. */
  #waiters: (() => void)[] = []
  #writing = false
  #killed = false

  constructor(store: Store, activity: Activity, log: Log) {
    this.#store = store
    this.#activity = activity
    this.#log = log
  }

  /** Resolves when it is written; only who must know waits. */
  progress(row: EffectRow): Promise<void> {
    this.#progress.set(row.key, row)
    return this.#written()
  }

  /** The beginning of an attempt, before the call. Resolves with false when the store did not take it; it is not tried again. */
  note(row: EffectRow): Promise<boolean> {
    return new Promise((resolve) => {
      this.#notes.push({ row, resolve })
      this.#write()
    })
  }

  remove(key: string): Promise<void> {
    this.#progress.delete(key)
    this.#removed.add(key)
    return this.#written()
  }

  kill(): void {
    this.#killed = true
  }

  #written(): Promise<void> {
    return new Promise((resolve) => {
      this.#waiters.push(resolve)
      this.#write()
    })
  }

  #write(): void {
    if (this.#writing || this.#killed) return
    this.#writing = true
    void this.#activity.during(() => this.#flush()).finally(() => {
      this.#writing = false
      if (this.#progress.size > 0 || this.#removed.size > 0 || this.#notes.length > 0) this.#write()
    })
  }

  async #flush(): Promise<void> {
    // Everything of this turn of the event loop goes into one statement.
    await new Promise((resolve) => setImmediate(resolve))
    const progress = this.#progress
    const removed = this.#removed
    const waiters = this.#waiters
    const notes = this.#notes
    this.#progress = new Map()
    this.#removed = new Set()
    this.#waiters = []
    this.#notes = []
    if (this.#killed) return
    try {
      const rows = new Map([...progress, ...notes.map(({ row }) => [row.key, row] as const)])
      if (rows.size > 0) {
        await this.#store.progressEffects([...rows.values()].map(({ key, status, attempts, nextAttemptAt, lastError }) => ({ key, status, attempts, nextAttemptAt, lastError })))
      }
      for (const { resolve } of notes) resolve(!this.#killed)
      if (removed.size > 0 && !this.#killed) await this.#store.removeEffects([...removed])
      for (const resolve of waiters) resolve()
    } catch (error) {
      this.#log.warn({ err: error }, 'the progress of effects could not be written; trying again')
      for (const { resolve } of notes) resolve(false)
      for (const [key, row] of progress) if (!this.#progress.has(key) && !this.#removed.has(key)) this.#progress.set(key, row)
      for (const key of removed) this.#removed.add(key)
      this.#waiters.push(...waiters)
      await new Promise((resolve) => setTimeout(resolve, RETRY_MS))
    }
  }
}
