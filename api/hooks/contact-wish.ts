/** The customer's own word on being written to, told by SMS. */
import type { ContactWish } from '../../actors/gateways/sms/inbound.ts'
import type { StoredHook } from '../ports/hook-inbox.ts'
import type { OptOuts } from '../ports/opt-outs.ts'
import type { Settlement } from './verdict.ts'

/** The moment of arrival counts, so that wishes which are worked through out of order end as the customer said last. */
export async function takeWish(optOuts: Pick<OptOuts, 'optOut' | 'optIn'>, tenant: string, hook: StoredHook, { phone, wish, source }: { phone: string; wish: ContactWish | null; source: string }): Promise<Settlement> {
  if (wish === null) return { hook, outcome: 'applied', note: 'says nothing about being written to' }
  const word = { phone, source, at: hook.receivedAt }
  if (wish === 'stop') await optOuts.optOut(tenant, { ...word, reason: 'STOP by SMS' })
  else await optOuts.optIn(tenant, word)
  return { hook, outcome: 'applied' }
}
