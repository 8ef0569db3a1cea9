/**
 * The end of the process: parts are closed from the last opened to the first, once, by whatever ends it and whenever, also in the middle
 * of the start. What a start has made is never left to itself: the embedded database above all, which would run on.
 */
import type { Logger } from 'pino'

export interface ProcessEnd {
  /** Closed later, or now when the end has begun already. @throws StoppedError then, so that the start goes no further */
  push(close: () => unknown): void
  /** On SIGTERM and SIGINT, and when the program that started us is gone, if it has given us a channel. Waits for the start to come to its own end. */
  endWith(started: Promise<unknown>): void
  /** Each whatever the others do; false if one did not close cleanly. */
  closeAll(): Promise<boolean>
}

export interface ProcessEndOptions {
  log: Logger
  /** A stop that takes longer than this is no stop: the process ends with 1. */
  limitMs: number
  /** So much of it is kept for the part that was opened first. */
  lastPartMs: number
}

export class StoppedError extends Error {
  override readonly name = 'StoppedError'

  constructor() {
    super('stopped in the middle of the start')
  }
}

/**
 * A signal to a whole group (Ctrl-C, `kill -TERM -<group>`) comes twice under `npm start`: from the terminal, and handed on by npm. So
 * soon after the first it is the same one, not somebody who has lost patience.
 */
const SAME_SIGNAL_MS = 500

export function processEnd({ log, limitMs, lastPartMs }: ProcessEndOptions): ProcessEnd {
  const open: (() => unknown)[] = []
  let endsAt: number | undefined

  async function close(part: () => unknown): Promise<boolean> {
    try {
      await part()
      return true
    } catch (error) {
      log.error({ err: error }, 'a part did not stop cleanly')
      return false
    }
  }

  async function closeEach(): Promise<boolean> {
    let clean = true
    for (let part = open.pop(); part !== undefined; part = open.pop()) {
      const closed = close(part)
      clean = (open.length === 0 || endsAt === undefined ? await closed : await inTime(closed, endsAt - lastPartMs - Date.now())) && clean
    }
    return clean
  }

  let closing: Promise<boolean> | undefined
  const closeAll = (): Promise<boolean> => (closing ??= closeEach())

  return {
    push(part) {
      open.push(part)
      if (endsAt !== undefined) throw new StoppedError()
    },
    closeAll,
    endWith(started) {
      const stop = (signal: string): void => {
        if (endsAt !== undefined) {
          if (Date.now() > endsAt - limitMs + SAME_SIGNAL_MS) process.exit(1)
          return
        }
        endsAt = Date.now() + limitMs
        log.info({ signal }, 'stopping: no new work, what is in flight is committed')
        setTimeout(() => log.info('still stopping; another signal ends it at once'), SAME_SIGNAL_MS + 1).unref()
        setTimeout(() => process.exit(1), limitMs).unref()
        void started
          .catch(() => undefined)
          .then(closeAll)
          .then((clean) => process.exit(clean ? 0 : 1))
      }
      process.on('SIGTERM', stop)
      process.on('SIGINT', stop)
      if (process.connected) process.once('disconnect', () => stop('the end of the program that started this one'))
    },
  }
}

async function inTime(closed: Promise<boolean>, ms: number): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined
  const limit = new Promise<boolean>((resolve) => {
    timer = setTimeout(() => resolve(false), Math.max(0, ms))
  })
  return Promise.race([closed, limit]).finally(() => clearTimeout(timer))
}
