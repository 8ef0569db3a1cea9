/**
 * `npm run demo`: one customer's month in the terminal, in less than a minute, against a system of its own that is gone afterwards.
 * The story checks itself: what is not as told ends it with exit code 1.
 */
import { performance } from 'node:perf_hooks'
import { aHome, aMonth, aReturn } from './home.ts'
import { anHour, aRefund, aVoucher } from './hotspot.ts'
import { openHouse, type House } from './house.ts'
import { anOutage, theBooks } from './operations.ts'
import { setStage } from './stage.ts'
import { createTeller } from './teller.ts'

async function story(house: House): Promise<void> {
  const stage = setStage(house, tell)
  await stage.morning()
  await anHour(stage)
  const home = await aHome(stage)
  await aMonth(stage, home)
  await aReturn(stage, home)
  await anOutage(stage)
  await aVoucher(stage)
  await aRefund(stage)
  await theBooks(stage)
}

const write = (line: string): void => void process.stdout.write(`${line}\n`)
const tell = createTeller(write, { hasColour: process.stdout.isTTY && process.env['NO_COLOR'] === undefined, timeZone: 'Africa/Nairobi' })
const began = performance.now()
const interrupted = new AbortController()
// For ever: npm hands on what the terminal has sent already, and the second one must not end us before what we have started.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => interrupted.abort(new Error(`ended by ${signal}`)))

let house: House | undefined
try {
  tell.title('Standing: a customer\'s month, with the clock turned forward. One moment, the system starts ...')
  house = await openHouse(interrupted.signal)
  await story(house)
  tell.title(`All as told, in ${Math.round((performance.now() - began) / 1_000)} seconds.`)
} catch (error) {
  const cause: unknown = interrupted.signal.aborted ? interrupted.signal.reason : error
  process.stderr.write(`\n${cause instanceof Error ? cause.message : String(cause)}\n`)
  process.exitCode = 1
} finally {
  await house?.end()
}
