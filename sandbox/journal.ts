/**
 * The bounded memory of a stand-in: the newest records by id, oldest forgotten first, and a way to wait
 * until one of them fits, so that tests wait for what happens and never sleep.
 */

export interface Journal<T> {
  add(id: string, record: T): void
  get(id: string): T | undefined
  /** Oldest first. */
  list(): T[]
  /** To be called after a record was changed in place. */
  changed(): void
  /** The first record that fits, now or later. */
  until(fits: (record: T) => boolean): Promise<T>
  clear(): void
}

export function createJournal<T>(recordsMax: number): Journal<T> {
  const records = new Map<string, T>()
  const waiting = new Set<{ fits: (record: T) => boolean; resolve: (record: T) => void }>()

  const find = (fits: (record: T) => boolean) => [...records.values()].find(fits)

  function changed(): void {
    for (const waiter of waiting) {
      const found = find(waiter.fits)
      if (found === undefined) continue
      waiting.delete(waiter)
      waiter.resolve(found)
    }
  }

  return {
    add(id, record) {
      records.set(id, record)
      const [oldest] = records.keys()
      if (records.size > recordsMax && oldest !== undefined) records.delete(oldest)
      changed()
    },
    get: (id) => records.get(id),
    list: () => [...records.values()],
    changed,
    until(fits) {
      const found = find(fits)
      if (found !== undefined) return Promise.resolve(found)
      return new Promise((resolve) => { waiting.add({ fits, resolve }) })
    },
    clear: () => { records.clear() },
  }
}
