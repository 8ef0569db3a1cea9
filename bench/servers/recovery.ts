/**
 * An engine to be killed. With errands to begin it holds everything back until it is let go, so that all
 * of their calls, timers and messages are in flight at once; without, it goes on where the other was killed.
 */
import { Agent } from 'node:http'
import { createLogger } from '../../api/logger.ts'
import { postgresStore } from '../../db/index.ts'
import { createRuntime, localBus } from '../../runtime/index.ts'
import type { Bus } from '../../runtime/index.ts'
import { errandActors, TALLIES } from '../errand.ts'
import { post } from '../post.ts'
import { optionsOf, serve } from './serve.ts'

interface Options {
  url: string
  /** Where the calls go. */
  target: string
  errands: number
  /** When the first timer is due, in milliseconds since the epoch, and how far apart they are. */
  firstDueAt: number
  everyMs: number
  /** Messages that are let through in a second once it is let go. */
  mailPerSecond: number
}

const CONCURRENCY = 64

const { url, target, errands, firstDueAt, everyMs, mailPerSecond } = optionsOf<Options>()
let letGo = (): void => undefined
const go = new Promise<void>((resolve) => {
  letGo = resolve
})

const agent = new Agent({ keepAlive: true })

async function call(key: string): Promise<string> {
  const { status, text } = await post(target, '{}', agent, { 'idempotency-key': key })
  if (status !== 200) throw new Error(`the target answered ${status}: ${text}`)
  return text
}

/** Lets messages through in order, a few at a time. */
function slowBus(): Bus {
  const bus = localBus()
  let free = 0
  const line: (() => void)[] = []
  void go.then(() => {
    setInterval(() => {
      free = Math.min(free + mailPerSecond / 100, mailPerSecond)
      while (free >= 1 && line.length > 0) {
        free--
        line.shift()?.()
      }
    }, 10).unref()
  })
  return {
    ...bus,
    sendMail: (mail) => (mail.kind === 'start' ? bus.sendMail(mail) : new Promise((resolve, reject) => line.push(() => void bus.sendMail(mail).then(resolve, reject)))),
  }
}

const log = createLogger({ level: 'error' })
const runtime = createRuntime({ actors: errandActors(call), store: postgresStore({ url }), log, lanes: { default: { concurrency: CONCURRENCY } }, ...(errands > 0 ? { bus: slowBus() } : {}) })
await runtime.start()
const readyAt = Date.now()

async function begin(): Promise<void> {
  await Promise.all(Array.from({ length: TALLIES }, (_, n) => runtime.create({ type: 'tally', id: `t${n}` })))
  await Promise.all(Array.from({ length: errands }, (_, n) => runtime.create({ type: 'errand', id: `e${n}` }, { n, waitMs: Math.max(0, firstDueAt + n * everyMs - Date.now()) })))
}

serve({ readyAt }, { begin, go: () => letGo() }, () => runtime.stop())
