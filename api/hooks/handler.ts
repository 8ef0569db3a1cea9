/** What one kind of web hook means: whom it is about and what to tell them. */
import type { EventObject } from '../../runtime/index.ts'
import type { ContactWish } from '../../actors/gateways/sms/inbound.ts'
import type { ReceivedMoney } from '../../actors/payment/received-money.ts'
import { isPlain } from './plain-text.ts'

export interface About {
  type: string
  identifier: string
  value: string
  /** Whom the address names that the hook came to, for when nobody has the identifier (its answer got lost). */
  orId?: string
}

export type HookReading =
  | {
      ok: true
      /** Found by an identifier that its definition publishes. */
      about: About
      event: EventObject
      /** Digits of the phone whose owner has stopped our messages with the network, if it says so. */
      stoppedBy?: string
    }
  /** Money that is to find its payment. */
  | { ok: true; money: ReceivedMoney }
  /** A customer's own message; `wish` null: it says nothing about being written to. */
  | { ok: true; contact: { phone: string; wish: ContactWish | null; source: string } }
  /** For staff; quotes nothing from the body. */
  | { ok: false; problem: string }

export interface HookHandler {
  provider: string
  kind: string
  /** Pure; never throws. `subject` is the last part of the address, if it had one. */
  read(body: Buffer, subject: string | undefined): HookReading
}

/** A hook that came to an address with a subject is stored as of kind `stk/<subject>`. */
export function kindOf(kind: string, subject: string | undefined): string {
  return subject === undefined ? kind : `${kind}/${subject}`
}

export function readHook(handlers: readonly HookHandler[], hook: { provider: string; kind: string }, body: Buffer): HookReading {
  const [kind, subject] = hook.kind.split('/', 2)
  const handler = handlers.find((one) => one.provider === hook.provider && one.kind === kind)
  if (handler === undefined) return { ok: false, problem: 'nobody handles this kind' }
  const reading = handler.read(body, subject)
  // Nobody can have such an identifier, and no database can even be asked for it.
  return reading.ok && 'about' in reading && !isPlain(reading.about.value) ? { ok: false, problem: 'the identifier in it holds control characters' } : reading
}
