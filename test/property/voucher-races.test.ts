/** V1, R3: many redeem the same codes at once, and the engine is killed in between: each voucher gives one access, to whoever was told so. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createVoucherCodes } from '../../actors/voucher/codes.ts'
import { Problem } from '../../api/http/problem.ts'
import { voucherDesk } from '../../api/vouchers/redeem.ts'
import type { VoucherContext } from '../../machines/voucher/machine.ts'
import type { VoucherBatchContext } from '../../machines/voucher-batch/machine.ts'
import { manualClock, type Runtime } from '../../runtime/index.ts'
import { memoryVouchers, START, VOUCHER_APP_KEY, voucherRuntime, voucherStore } from '../support/voucher-world.ts'
import { check, TIMEOUT_MS } from './runs.ts'

const BATCH = { tenant: 'main', type: 'voucher-batch', id: 'vb_1' }
const VOUCHERS = 3
const OFFER = { id: 'hour', name: 'One hour', durationSeconds: 3_600 }

/** Somebody who types one code, perhaps again when no answer came, perhaps with a key. */
const redeemer = fc.record({ voucher: fc.integer({ min: 1, max: VOUCHERS }), hasKey: fc.boolean(), tries: fc.integer({ min: 1, max: 3 }) })
const redeemers = fc.array(redeemer, { minLength: 2, maxLength: 12, size: 'max' })
/** After so many turns of the event loop the engine is killed, and another begins on the same store. */
const kills = fc.array(fc.integer({ min: 0, max: 12 }), { maxLength: 3 })

describe('redeeming', () => {
  it(
    'one voucher, one access, whatever comes in between',
    async () => {
      const property = fc.asyncProperty(redeemers, kills, async (people, plan) => {
        const store = voucherStore()
        const clock = manualClock(START)
        const codes = createVoucherCodes(VOUCHER_APP_KEY)
        let runtime = voucherRuntime({ store, clock })
        await runtime.start()
        await runtime.create(BATCH, { name: 'x', package: OFFER, count: VOUCHERS, expiresAt: START + 86_400_000 })
        const told = new Map<number, string[]>()

        const live = { get: () => runtime }
        const redeemAll = people.map(async ({ voucher, hasKey, tries }, n) => {
          for (let attempt = 0; attempt < tries; attempt++) {
            const outcome = await redeemOnce(live.get(), codes.code(BATCH, voucher), `2547000000${String(n).padStart(2, '0')}`, hasKey ? `key-${n}` : undefined)
            if (outcome === 'redeemed') told.set(voucher, [...(told.get(voucher) ?? []), String(n)])
            if (outcome !== 'unknown') return
            await turns(2)
          }
        })
        for (const wait of plan) {
          await turns(wait)
          runtime.kill()
          runtime = voucherRuntime({ store, clock })
          await runtime.start()
        }
        await Promise.all(redeemAll)
        await runtime.settled()

        for (let number = 1; number <= VOUCHERS; number++) {
          const id = `vb_1-${String(number).padStart(5, '0')}`
          const redeemed = (await runtime.history({ type: 'voucher', id }).catch(() => [])).flatMap(({ facts }) => facts).filter(({ type }) => type === 'voucher.redeemed')
          const winners = new Set(told.get(number) ?? [])
          expect(redeemed.length).toBeLessThanOrEqual(1)
          expect(winners.size).toBeLessThanOrEqual(redeemed.length)
          const session = await runtime.get({ type: 'hotspot-session', id })
          expect(session === undefined).toBe(redeemed.length === 0)
          // Whoever was told so has it.
          for (const winner of winners) expect(session?.context).toMatchObject({ phone: `2547000000${winner.padStart(2, '0')}` })
        }
        await runtime.stop()

        async function redeemOnce(engine: Runtime, code: string, phone: string, idempotencyKey: string | undefined): Promise<'redeemed' | 'refused' | 'unknown'> {
          const desk = voucherDesk(engine, { vouchers: memoryVouchers(store), codes })
          try {
            await within(200, desk.find('main', code).then((found) => desk.redeem(found, { phone, macAddress: null, idempotencyKey, correlationId: undefined })))
            return 'redeemed'
          } catch (error) {
            return error instanceof Problem ? 'refused' : 'unknown'
          }
        }
      })
      await check(property, 60)
    },
    TIMEOUT_MS,
  )
})

/** V1, B1: a batch is revoked in between, the clock goes on, and the engine is killed. */
const revocation = fc.record({ after: fc.integer({ min: 0, max: 15 }), killAfter: fc.option(fc.integer({ min: 0, max: 12 })) })
const comers = fc.array(fc.record({ voucher: fc.integer({ min: 1, max: 4 }), after: fc.integer({ min: 0, max: 15 }) }), { minLength: 1, maxLength: 8 })

describe('revoking a batch while its codes are redeemed', () => {
  it(
    'each voucher ends redeemed before, with access, or not at all',
    async () => {
      const met = { redeemed: 0, takenBack: 0 }
      const property = fc.asyncProperty(comers, revocation, async (people, { after, killAfter }) => {
        const store = voucherStore()
        const clock = manualClock(START)
        const codes = createVoucherCodes(VOUCHER_APP_KEY)
        const live = { runtime: voucherRuntime({ store, clock }) }
        await live.runtime.start()
        await live.runtime.create(BATCH, { name: 'x', package: OFFER, count: 4, expiresAt: START + 86_400_000 })
        const revoke = async (): Promise<void> => {
          await turns(after)
          // Staff try again until it is done.
          while ((await live.runtime.get(BATCH).catch(() => undefined))?.states[0] !== 'revoked') {
            await within(50, live.runtime.send(BATCH, { type: 'batch.revoke', reason: 'stolen' })).catch(() => turns(1))
          }
        }
        const comings = people.map(async ({ voucher, after: wait }, n) => {
          await turns(wait)
          const desk = voucherDesk(live.runtime, { vouchers: memoryVouchers(store), codes })
          const redeemed = desk.find('main', codes.code(BATCH, voucher)).then(async (found) => {
            await turns(n)
            return desk.redeem(found, { phone: `25470000000${n}`, macAddress: null, idempotencyKey: undefined, correlationId: undefined })
          })
          await within(100, redeemed).catch(() => undefined)
        })
        const time = (async () => {
          for (let n = 0; n < 30; n++) {
            await turns(1)
            await clock.advance(1)
          }
        })()
        if (killAfter !== null) {
          await turns(killAfter)
          live.runtime.kill()
          live.runtime = voucherRuntime({ store, clock })
          await live.runtime.start()
        }
        await Promise.all([...comings, revoke(), time])
        await live.runtime.settled()

        const { revocation: revoked } = (await live.runtime.get(BATCH))?.context as VoucherBatchContext
        for (let number = 1; number <= 4; number++) {
          const id = `vb_1-${String(number).padStart(5, '0')}`
          const voucher = await live.runtime.get({ type: 'voucher', id })
          const session = await live.runtime.get({ type: 'hotspot-session', id })
          const redemption = (voucher?.context as VoucherContext | undefined)?.redemption ?? null
          const isRedeemed = voucher?.states[0] === 'redeemed'
          expect(session?.tags.includes('usable') ?? false).toBe(isRedeemed)
          // In the same millisecond the batch knows which came first.
          if (redemption !== null) expect(Math.sign(redemption.at - (revoked?.at ?? 0))).not.toBe(isRedeemed ? 1 : -1)
          met.redeemed += isRedeemed ? 1 : 0
          met.takenBack += redemption !== null && !isRedeemed ? 1 : 0
        }
        await live.runtime.stop()
      })
      await check(property, 60)
      for (const [end, times] of Object.entries(met)) expect(times, end).toBeGreaterThan(3)
    },
    TIMEOUT_MS,
  )
})

async function turns(count: number): Promise<void> {
  for (let turn = 0; turn < count; turn++) await new Promise((resolve) => setImmediate(resolve))
}

/** An engine that was killed never answers. */
async function within<Result>(ms: number, work: Promise<Result>): Promise<Result> {
  let timer: NodeJS.Timeout | undefined
  const limit = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error('no answer')), ms)
  })
  try {
    return await Promise.race([work, limit])
  } finally {
    clearTimeout(timer)
  }
}
