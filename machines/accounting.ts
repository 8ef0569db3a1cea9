/** What RADIUS accounting knows of one access, as actors are told it. */
import { z } from 'zod'
import { printable } from './printable.ts'

const bytes = z.int().nonnegative()

/** R9: more than any package allows. */
export const LOGINS_MAX = 100

/** One login that is under way, as its router tells. */
const login = z.strictObject({
  /** Acct-Session-Id. */
  id: printable(253).min(1),
  /** A MAC address, or what else the router calls the device; null if it does not tell. */
  device: printable(253).nullable(),
  /** Address of the router. */
  nas: printable(64),
  ip: printable(64).nullable(),
  since: z.int().nonnegative(),
})

export type Login = z.output<typeof login>

/** Always all of it, never a difference, so that one which is lost, repeated or overtaken costs nothing. */
export const account = z.strictObject({
  /** Grows with every change; an older one tells nothing new. */
  revision: z.int().positive(),
  online: z.array(login).max(LOGINS_MAX),
  /** Over all logins. */
  uploadBytes: bytes,
  downloadBytes: bytes,
  logins: z.int().nonnegative(),
  /** A router where it is, or was, online is back: it is told because of that. */
  routerBack: z.literal(true).optional(),
})
