/** A customer says to have paid: the payment looks again. What it cannot take any more (it is paid, or was claimed too often) changes nothing. */
import { StandingError, type ActorView, type Address, type Runtime } from '../../runtime/index.ts'
import type { EventTeller } from './event-teller.ts'

/** Undefined when nothing came of it. */
export type ClaimPayment = (payment: Address, receipt: string) => Promise<ActorView | undefined>

const NOTHING_TO_DO: ReadonlySet<string> = new Set(['event-not-accepted', 'actor-done', 'actor-blocked'])

export function paymentClaimer(runtime: Pick<Runtime, 'send'>, teller: EventTeller): ClaimPayment {
  return async (payment, receipt) => {
    const [item] = await teller.tell({ tenant: payment.tenant, by: 'payer' }, [{ to: payment, event: { type: 'payment.claim', receipt } }])
    if (item === undefined) return undefined
    try {
      return (await runtime.send(payment, item.event, { source: 'rest:payer' })).actor
    } catch (error) {
      if (error instanceof StandingError && NOTHING_TO_DO.has(error.code)) return undefined
      throw error
    }
  }
}
