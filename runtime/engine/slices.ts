/** Long synchronous work in slices, so that between two of them the event loop can take in what has come meanwhile. */
import { setImmediate as nextTurn } from 'node:timers/promises'

/** Milliseconds: ten to thirty steps of usual actors. A turn of the event loop in between costs some hundredths of one. */
const SLICE_MS = 3

/**
 * Does `work` for each item, in order. What is under way together (batches, answers to HTTP, rows from the database) takes turns:
 * a batch of two hundred steps does not keep a web hook waiting that only wants to be stored.
 */
export async function inSlices<T>(items: readonly T[], work: (item: T) => void): Promise<void> {
  let began = performance.now()
  for (const [index, item] of items.entries()) {
    work(item)
    if (index === items.length - 1 || performance.now() - began < SLICE_MS) continue
    await nextTurn()
    began = performance.now()
  }
}
