/** Deletes what is kept no longer (retention.ts) beside a running server, now and then. */
import type { Knex } from 'knex'
import { tidy } from './retention.ts'

export interface TidyingOptions {
  knex: Knex
  /** See `tidy`. */
  daysOf: Readonly<Record<string, number>>
  /** From the start to the first run. Default: a minute, so that a start is not held up. */
  firstMs?: number
  /** Hears what went, and of a run that failed: the next one tries again. */
  log: { info(fields: object, message: string): void; warn(fields: object, message: string): void }
}

const FIRST_MS = 60_000
const EVERY_MS = 24 * 60 * 60_000

/** @returns stops it; resolves when a run under way is over. */
export function startTidying({ knex, daysOf, firstMs = FIRST_MS, log }: TidyingOptions): () => Promise<void> {
  let running: Promise<void> = Promise.resolve()
  async function run(): Promise<void> {
    try {
      const rows = await tidy(knex, Date.now(), daysOf)
      if (Object.keys(rows).length > 0) log.info({ rows }, 'deleted what is kept no longer')
    } catch (error) {
      log.warn({ err: error }, 'what is kept no longer could not be deleted')
    }
  }
  const start = (): void => void (running = run())
  const first = setTimeout(start, firstMs).unref()
  const every = setInterval(start, EVERY_MS).unref()
  return () => {
    clearTimeout(first)
    clearInterval(every)
    return running
  }
}
