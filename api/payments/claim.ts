/**
 * Proof of being the paying browser: a cookie that only the server can make, or else, for half an hour, the same network
 * address as at the start of the payment: a captive portal often hands over to another browser, which has no cookie. All
 * guests of a hotspot share that address, so there it is the payment's id, which nobody can guess, that keeps others out.
 * Nothing is stored for the cookie: it is a keyed hash of the payment id.
 */
import { createHash, createHmac, timingSafeEqual } from 'node:crypto'
import { parseCookie, stringifySetCookie } from 'cookie'

const COOKIE_SECONDS = 86_400
/** Longer than it takes to pay and to be handed over. */
const ADDRESS_PROOF_MS = 30 * 60_000

export interface ClaimedPayment {
  id: string
  clientHash: string | null
  /** Milliseconds since the epoch. */
  requestedAt: number
}

export interface Claims {
  /** The Set-Cookie value for the browser that started this payment. */
  cookieFor(paymentId: string): string
  /** What is stored with the payment, instead of the address itself. */
  clientHash(ip: string): string
  /** True for the paying browser. */
  isPayer(client: { cookieHeader: string | undefined; ip: string }, payment: ClaimedPayment): boolean
}

/** @param options.now the clock of the actors */
export function createClaims(appKey: string, options: { secureCookies: boolean; now: () => number }): Claims {
  const keyed = (purpose: string, text: string) => createHmac('sha256', appKey).update(`${purpose}\0${text}`).digest('base64url')
  const token = (paymentId: string) => keyed('payment-claim', paymentId)
  const clientHash = (ip: string) => keyed('payment-client', ip)

  return {
    cookieFor: (paymentId) =>
      stringifySetCookie(cookieName(paymentId), token(paymentId), {
        httpOnly: true,
        sameSite: 'lax',
        secure: options.secureCookies,
        // Proves the payer to the live channels, too.
        path: '/',
        maxAge: COOKIE_SECONDS,
      }),
    clientHash,
    isPayer({ cookieHeader, ip }, payment) {
      const presented = cookieHeader === undefined ? undefined : parseCookie(cookieHeader)[cookieName(payment.id)]
      if (presented !== undefined && isSame(presented, token(payment.id))) return true
      return payment.clientHash !== null && options.now() - payment.requestedAt <= ADDRESS_PROOF_MS && isSame(payment.clientHash, clientHash(ip))
    },
  }
}

/** One per payment, so that two payments of one browser do not overwrite each other's proof. */
function cookieName(paymentId: string): string {
  return `standing_claim_${createHash('sha256').update(paymentId).digest('hex').slice(0, 12)}`
}

function isSame(a: string, b: string): boolean {
  const [left, right] = [Buffer.from(a), Buffer.from(b)]
  return left.length === right.length && timingSafeEqual(left, right)
}
