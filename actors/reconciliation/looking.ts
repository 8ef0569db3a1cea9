/** Who looks for a tenant's money, and how that begins. */
import type { ReconciliationContext } from '../../machines/reconciliation/context.ts'
import { isStandingError, type Address, type Runtime } from '../../runtime/index.ts'

/** One for each tenant: a tenant has one shortcode. */
const RECONCILIATION_ID = 'mpesa'

export function reconciliationOf(tenant: string): Address {
  return { tenant, type: 'reconciliation', id: RECONCILIATION_ID }
}

/** From then on the list is looked at every hour; where only files were matched until now, too. */
export async function beginLooking(runtime: Pick<Runtime, 'get' | 'create' | 'send'>, to: Address): Promise<void> {
  await makeOnce(runtime, to, true)
  // Whatever it is doing: it may be matching a file, or waiting to try that again.
  if (((await runtime.get(to))?.context as ReconciliationContext | undefined)?.looking === 'never') await runtime.send(to, { type: 'reconciliation.pull' })
}

/** `looks`: whether one that is made now looks at the list. One that is there goes on as it does. */
export async function makeOnce(runtime: Pick<Runtime, 'get' | 'create'>, to: Address, looks: boolean): Promise<void> {
  if ((await runtime.get(to)) !== undefined) return
  await runtime.create(to, { looks }).catch((error: unknown) => {
    // Another node was quicker.
    if (!isStandingError(error, 'actor-exists')) throw error
  })
}
