/**
 * Redeems codes. The voucher's own actor decides who is first; here is found which voucher is meant, and said why one is not taken.
 *
 * A batch that is revoked or over lets no voucher through. It is asked before the voucher; a voucher that was redeemed when the batch
 * had just been revoked is taken back by the batch (machines/voucher-batch, B1), and its redeemer is told so if we know in time.
 */
import { readCode } from '../../actors/voucher/codes.ts'
import { voucherId } from '../../actors/voucher/voucher-id.ts'
import type { VoucherContext } from '../../machines/voucher/machine.ts'
import type { VoucherBatchContext } from '../../machines/voucher-batch/machine.ts'
import { isStandingError, type ActorView, type Runtime, type SendResult } from '../../runtime/index.ts'
import { Problem } from '../http/problem.ts'
import type { VoucherParts } from './parts.ts'

export interface Found {
  batch: ActorView & { context: VoucherBatchContext }
  number: number
  /** Undefined while it is only a number of its batch. */
  voucher: ActorView | undefined
}

export interface Redemption {
  phone: string
  macAddress: string | null
  /** The same again is the same call (R3). */
  idempotencyKey: string | undefined
  correlationId: string | undefined
}

export interface Redeemed {
  voucher: ActorView & { context: VoucherContext }
  isReplay: boolean
}

export function voucherDesk(runtime: Runtime, { vouchers, codes }: VoucherParts) {
  const addressOf = (tenant: string, batchId: string, number: number) => ({ tenant, type: 'voucher', id: voucherId(batchId, number) })

  /** @throws Problem `voucher-mistyped`, `voucher-unknown` */
  async function find(tenant: string, typed: string): Promise<Found> {
    const code = readCode(typed)
    if (code === undefined) throw new Problem('voucher-mistyped', undefined, { errors: [{ pointer: '/code', detail: 'is no voucher code; look at it once more' }] })
    const place = await vouchers.findByHash(tenant, codes.hash(tenant, code))
    const batch = place === undefined ? undefined : await runtime.get({ tenant, type: 'voucher-batch', id: place.batchId })
    if (place === undefined || batch === undefined) throw new Problem('voucher-unknown')
    return { batch: batch as Found['batch'], number: place.number, voucher: await runtime.get(addressOf(tenant, place.batchId, place.number)) }
  }

  /** Makes the actor of a voucher that has been only a number until now; somebody else may be quicker. */
  async function ensure({ batch, number, voucher }: Found, source: string): Promise<void> {
    if (voucher !== undefined) return
    const { package: offer, expiresAt } = batch.context
    try {
      await runtime.create(addressOf(batch.tenant, batch.id, number), { batchId: batch.id, number, package: offer, expiresAt }, { source })
    } catch (error) {
      if (!isStandingError(error, 'actor-exists')) throw error
    }
  }

  async function send({ batch, number }: Found, event: { type: string; [field: string]: unknown }, options: { source: string; eventId?: string; checkBody?: boolean; correlationId?: string }): Promise<SendResult> {
    const address = addressOf(batch.tenant, batch.id, number)
    try {
      return await runtime.send(address, event, options)
    } catch (error) {
      if (!isStandingError(error, 'event-not-accepted') && !isStandingError(error, 'actor-done')) throw error
      throw whyNot((await runtime.get(address))?.states[0])
    }
  }

  return {
    find,

    /** @throws Problem `voucher-used`, `voucher-expired`, `voucher-revoked`, `idempotency-mismatch` */
    async redeem(found: Found, { phone, macAddress, idempotencyKey, correlationId }: Redemption): Promise<Redeemed> {
      const [batchState] = found.batch.states
      // What was redeemed in time is told so when asked again.
      if (batchState !== 'open' && found.voucher?.states[0] !== 'redeemed') throw whyNot(batchState)
      const source = 'rest:public'
      await ensure(found, source)
      const { outcome, actor } = await send(found, { type: 'voucher.redeem', phone, macAddress }, {
        source,
        ...(idempotencyKey === undefined ? {} : { eventId: `redeem-${idempotencyKey}`, checkBody: true }),
        ...(correlationId === undefined ? {} : { correlationId }),
      })
      const voucher = actor as Redeemed['voucher']
      const revocation = ((await runtime.get(found.batch))?.context as VoucherBatchContext | undefined)?.revocation
      if (revocation != null && (voucher.context.redemption?.at ?? 0) > revocation.at) throw new Problem('voucher-revoked')
      return { voucher, isReplay: outcome === 'duplicate' }
    },

    /** @throws Problem `voucher-expired`, `voucher-revoked` */
    async revoke(found: Found, reason: string, source: string): Promise<ActorView> {
      await ensure(found, source)
      return (await send(found, { type: 'voucher.revoke', reason }, { source })).actor
    },
  }
}

function whyNot(state: string | undefined): Problem {
  if (state === 'redeemed') return new Problem('voucher-used')
  return new Problem(state === 'revoked' ? 'voucher-revoked' : 'voucher-expired')
}
