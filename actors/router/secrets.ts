/**
 * A router's secrets, derived instead of stored: HMAC-SHA256 with the application key over the router's address, a purpose and a version.
 * No two routers share one, none is in a context, queue or journal, and raising the version makes new ones.
 *
 * The exception is RADIUS's: FreeRADIUS must know the secret itself, so it stands in `radius.nas`, as passwords do in `radius.radcheck`
 * (docs/adr/0005).
 */
import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto'
import type { Address } from '../../runtime/index.ts'

export interface RouterSecrets {
  /** Between the router and FreeRADIUS. */
  radius(router: Address, version: number): string
  /** Of the restricted user that we are on the router. */
  api(router: Address, version: number): { username: string; password: string }
  /** What the router proves itself with when it calls: names its tenant, and holds a proof that only we can make. */
  heartbeatToken(router: Address, version: number): string
  /** True for the router's own token. */
  isHeartbeatToken(token: string, router: Address, version: number): boolean
  /** The one-time token of its first script, and the form in which it is kept. Derived, too: whoever asks for that script again gets the same. */
  firstEnrolment(router: Address): { token: string; tokenHash: string }
  /** Another one-time token: by chance, so that the one before is worth nothing. */
  newEnrolment(tenant: string): { token: string; tokenHash: string }
  enrolmentHash(token: string): string
}

const APP_KEY_BYTES_MIN = 16
const TOKEN_BYTES = 24
/** 192 bits in the alphabet of URLs: no character means anything to RouterOS's console, RADIUS or a shell. */
const SECRET_CHARS = 32

export const API_USERNAME = 'standing'

/** @throws RangeError for a key so short that secrets could be derived by guessing it. */
export function createRouterSecrets(appKey: string | Uint8Array): RouterSecrets {
  if (Buffer.byteLength(appKey) < APP_KEY_BYTES_MIN) throw new RangeError(`the application key must have at least ${APP_KEY_BYTES_MIN} bytes`)
  const keyed = (...parts: readonly string[]): Buffer => createHmac('sha256', appKey).update(parts.join('|')).digest()
  const derive = (purpose: string, { tenant, id }: Address, version: number): string =>
    keyed('router', purpose, tenant, id, String(version)).toString('base64url').slice(0, SECRET_CHARS)
  const heartbeatToken = (router: Address, version: number): string => `rh.${router.tenant}.${derive('heartbeat', router, version)}`
  const enrolmentHash = (token: string): string => keyed('router-enrolment', token).toString('hex')
  const hashed = (token: string): { token: string; tokenHash: string } => ({ token, tokenHash: enrolmentHash(token) })
  return {
    radius: (router, version) => derive('radius', router, version),
    api: (router, version) => ({ username: API_USERNAME, password: derive('api', router, version) }),
    heartbeatToken,
    isHeartbeatToken: (token, router, version) => isSame(token, heartbeatToken(router, version)),
    firstEnrolment: (router) => hashed(`re.${router.tenant}.${derive('enrolment', router, 1)}`),
    newEnrolment: (tenant) => hashed(`re.${tenant}.${randomBytes(TOKEN_BYTES).toString('base64url')}`),
    enrolmentHash,
  }
}

/** The tenant that a token names; who believes it must check the token. */
export function tenantOfToken(token: string): string | undefined {
  return /^r[eh]\.([a-z0-9][a-z0-9-]{0,62})\.[A-Za-z0-9_-]{32}$/.exec(token)?.[1]
}

function isSame(a: string, b: string): boolean {
  const [left, right] = [Buffer.from(a), Buffer.from(b)]
  return left.length === right.length && timingSafeEqual(left, right)
}
