/** Brings money that came by itself to its payment: one that is there, or one that is made of it. Twice is harmless. */
import { findDestination, receiptPaymentIds, type ReceivedMoney } from '../../actors/payment/received-money.ts'
import { StandingError, type Address, type BatchItemResult, type Runtime } from '../../runtime/index.ts'
import type { Receipts } from '../ports/receipts.ts'
import { withReceiptUse } from './receipt-use.ts'

/** `eventId` is the content of what told us; `to` is the payment it was brought to. */
export type ReceiveMoney = (money: ReceivedMoney, eventId: string) => Promise<{ to: Address; result: BatchItemResult }>

export function moneyReceiver({ runtime, receipts, appKey }: { runtime: Pick<Runtime, 'search' | 'get' | 'sendMany' | 'create'>; receipts: Receipts; appKey: string }, tenant: string): ReceiveMoney {
  const idOf = receiptPaymentIds(appKey)
  return async (money, eventId) => {
    const destination = await findDestination(runtime, idOf, tenant, money)
    const to = { tenant, type: 'payment', id: destination.paymentId }
    switch (destination.kind) {
      case 'known':
        return { to, result: APPLIED }
      case 'told': {
        const event = withReceiptUse(destination.event, to.id, money.receipt, await receipts.creditedTo(tenant, [money.receipt]))
        const [result = { ok: false, error: new Error('the runtime gave no result') }] = await runtime.sendMany([{ to, event, eventId }], { source: 'hook:daraja' })
        return { to, result }
      }
      case 'new':
        try {
          await runtime.create(to, destination.input, { source: 'hook:daraja' })
          return { to, result: APPLIED }
        } catch (error) {
          if (error instanceof StandingError && error.code === 'actor-exists') return { to, result: APPLIED }
          return { to, result: { ok: false, error: error as Error } }
        }
    }
  }
}

/** Only that it is well is looked at. */
const APPLIED = { ok: true } as BatchItemResult
