/** What makes two deliveries of a web hook the same one. */
import { createHash } from 'node:crypto'

/**
 * Trust is part of it: otherwise somebody who sends a copy of a callback from a wrong address, before the true one
 * comes, would have it taken for a repetition of the quarantined one, and the payment lost.
 *
 * `receivedAt`: for hooks whose body names no message, so that the same word may be said again later. A provider's repetition is then
 * taken twice, which must do no harm.
 */
export function contentHash(hook: { provider: string; kind: string; trusted: boolean; body: Buffer; receivedAt?: number }): string {
  return createHash('sha256').update(`${hook.provider}\0${hook.kind}\0${hook.trusted ? 'trusted' : 'forged'}\0${hook.receivedAt ?? ''}`).update(hook.body).digest('hex')
}
