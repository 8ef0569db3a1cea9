/** Runs work of one key one after the other; work of different keys does not wait for each other. */
export interface KeyedLock {
  run<Result>(key: string, work: () => Promise<Result>): Promise<Result>
}

export function keyedLock(): KeyedLock {
  const tails = new Map<string, Promise<unknown>>()
  return {
    run(key, work) {
      const result = (tails.get(key) ?? Promise.resolve()).then(work, work)
      const tail = result.catch(() => undefined).then(() => {
        if (tails.get(key) === tail) tails.delete(key)
      })
      tails.set(key, tail)
      return result
    },
  }
}
