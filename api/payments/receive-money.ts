/** Brings money that came by itself to its payment: one that is there, or one that is made of it. Twice is harmless. */
import { findDestination, receiptPaymentIds, type ReceivedMoney } from '../../actors/payment/received-money.ts'
import type { PaymentInput } from '../../machines/payment/events.ts'
import { StandingError, type Address, type BatchItemResult, type EventObject, type Runtime } from '../../runtime/index.ts'
import type { Receipts } from '../ports/receipts.ts'
import { withReceiptUse } from './receipt-use.ts'

/** `eventId` is the content of what told us; `to` is the payment it was brought to. */
export type ReceiveMoney = (money: ReceivedMoney, eventId: string) => Promise<{ to: Address; result: BatchItemResult }>

export type MoneyDestination = { kind: 'known'; to: Address } | { kind: 'told'; to: Address; event: EventObject } | { kind: 'new'; to: Address; input: PaymentInput }

interface FindDeps {
  runtime: Pick<Runtime, 'search' | 'get'>
  receipts: Receipts
  appKey: string
}

/** Where money that came by itself belongs now, and what would be told there. */
export function moneyFinder({ runtime, receipts, appKey }: FindDeps, tenant: string): (money: ReceivedMoney) => Promise<MoneyDestination> {
  const idOf = receiptPaymentIds(appKey)
  return async (money) => {
    const destination = await findDestination(runtime, idOf, tenant, money)
    const to = { tenant, type: 'payment', id: destination.paymentId }
    if (destination.kind === 'known') return { kind: 'known', to }
    if (destination.kind === 'new') return { kind: 'new', to, input: destination.input }
    return { kind: 'told', to, event: withReceiptUse(destination.event, to.id, money.receipt, await receipts.creditedTo(tenant, [money.receipt])) }
  }
}

export function moneyReceiver(deps: FindDeps & { runtime: Pick<Runtime, 'search' | 'get' | 'sendMany' | 'create'> }, tenant: string): ReceiveMoney {
  const { runtime } = deps
  const find = moneyFinder(deps, tenant)

  return async function receive(money, eventId, isSecondLook = false): ReturnType<ReceiveMoney> {
    const destination = await find(money)
    const { to } = destination
    switch (destination.kind) {
      case 'known':
        return { to, result: APPLIED }
      case 'told': {
        const [result = { ok: false, error: new Error('the runtime gave no result') }] = await runtime.sendMany([{ to, event: destination.event, eventId }], { source: 'hook:daraja' })
        return { to, result }
      }
      case 'new':
        try {
          await runtime.create(to, destination.input, { source: 'hook:daraja' })
          return { to, result: APPLIED }
        } catch (error) {
          if (!(error instanceof StandingError && error.code === 'actor-exists')) return { to, result: { ok: false, error: error as Error } }
          // A callback has told of the same money just now: the payment made of that may learn from us.
          return isSecondLook ? { to, result: APPLIED } : receive(money, eventId, true)
        }
    }
  }
}

/** Only that it is well is looked at. */
const APPLIED = { ok: true } as BatchItemResult
