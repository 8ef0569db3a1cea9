/** What a router is made from and what may be said to it. */
import { z } from 'zod'
import type { EventsOf } from '../event-types.ts'
import { wireGuardKey } from '../network.ts'
import { printable, remark } from '../printable.ts'
import { routerConfiguration } from './configuration.ts'

const reason = remark(500)

/** Keyed hash of a one-time token; the token itself is shown once and kept nowhere. */
const tokenHash = z.string().regex(/^[0-9a-f]{64}$/, '64 hexadecimal digits')

const enrolment = z.strictObject({
  tokenHash,
  expiresAt: z.int().nonnegative(),
  /** The secrets that the script holds; they become the valid ones when the router enrols with it. */
  secretVersion: z.int().positive(),
})

/** How it learns who may log in: it asks RADIUS; or its own list of users is kept by REST, for one that cannot reach RADIUS. */
export const provisioning = z.enum(['radius', 'rest'])

export const routerInput = z.strictObject({
  /** Equals the router's own id: it spreads the looks at many routers over time. */
  id: z.string().regex(/^[A-Za-z0-9_-]{1,64}$/),
  name: printable(100).min(1),
  site: printable(200).nullable().default(null),
  /** Its address in the tunnel, and so the one that RADIUS knows it by. */
  tunnelAddress: z.ipv4(),
  /** Where its REST is reached; in the tunnel unless said. */
  apiUrl: z.url({ protocol: /^https?$/ }).max(300),
  /** While all is well. */
  pollSeconds: z.int().min(30).max(86_400).default(300),
  provisioning: provisioning.default('radius'),
  enrolment,
})

export type Provisioning = z.output<typeof provisioning>
export type RouterInput = z.output<typeof routerInput>
export type Enrolment = z.output<typeof enrolment>

const device = {
  /** As `/system resource get version` says it, such as `7.16.1 (stable)`. */
  version: printable(60).min(1),
  board: printable(100).nullable().default(null),
  serial: printable(100).nullable().default(null),
  /** Of its end of the tunnel; its private key never leaves it. */
  publicKey: wireGuardKey.nullable().default(null),
  /** Names of its packages that are switched on. */
  capabilities: z.array(printable(40)).max(40).default([]),
}

export const routerEvents = {
  /** The router itself, by the script that was pasted into it. */
  'router.enrol': z.strictObject({ tokenHash, ...device }),
  /** A new script with a new token; with a higher version of the secrets when those are to change. */
  'router.reissue': z.strictObject({ ...enrolment.shape, reason }),
  /** The router itself calls while we believe it to be down. */
  'router.heartbeat': z.strictObject({}),
  /** Look now instead of when it is time. */
  'router.poll': z.strictObject({ reason }),
  'router.configure': z.strictObject({ configuration: routerConfiguration, reason }),
  /** Make an earlier configuration the wanted one again. */
  'router.rollback': z.strictObject({ version: z.int().positive(), reason }),
  /** Bring the wanted configuration onto the router once more: somebody has changed it by hand. */
  'router.reapply': z.strictObject({ reason }),
  'router.retire': z.strictObject({ reason }),
}

export type RouterEvent = EventsOf<typeof routerEvents>
export type RouterDevice = { [Name in keyof typeof device]: z.output<(typeof device)[Name]> }
