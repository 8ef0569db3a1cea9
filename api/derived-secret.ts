import { createHmac } from 'node:crypto'
import { holdsRefusedWord } from '../actors/gateways/mpesa/callback-url.ts'

/** A secret that stays the same over restarts as long as the application key does. */
export function derivedSecret(appKey: string, purpose: string): string {
  for (let attempt = 0; ; attempt++) {
    const secret = createHmac('sha256', appKey).update(attempt === 0 ? purpose : `${purpose} ${attempt}`).digest('base64url')
    // It stands in an address that Safaricom must take.
    if (!holdsRefusedWord(secret)) return secret
  }
}
