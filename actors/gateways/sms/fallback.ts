/**
 * Two providers as one: the second is asked when the first has certainly not taken the message, and the fault is not the recipient's.
 * A first one that may have taken it is not followed by the second here: whether two SMS are a risk worth taking is the machine's
 * decision (N2), and its repetition then goes to the second at once.
 */
import { isGatewayError } from '../errors.ts'
import type { SmsGateway } from './port.ts'

/** The same from whoever is asked. */
const RECIPIENTS_FAULTS: ReadonlySet<string> = new Set(['invalid-phone', 'invalid-text', 'unsupported-number', 'blocked-by-recipient', 'do-not-disturb', 'aborted'])

export function withFallback(first: SmsGateway, second: SmsGateway): SmsGateway {
  return {
    async send(message, options) {
      const [one, other] = message.isRepetition === true ? [second, first] : [first, second]
      try {
        return await one.send(message, options)
      } catch (error) {
        if (!isGatewayError(error) || error.uncertain || RECIPIENTS_FAULTS.has(error.code)) throw error
        return await other.send(message, options).catch((again: unknown) => {
          // Whichever may be asked again soon says when; one that may have taken it counts in any case.
          throw isGatewayError(again) && !again.uncertain && !again.retryable ? error : again
        })
      }
    },
  }
}
