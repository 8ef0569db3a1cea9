/** The calls about routers. */
import { z } from 'zod'
import { wireGuardKey } from '../../machines/network.ts'
import { printable } from '../../machines/printable.ts'
import { provisioning } from '../../machines/router/events.ts'
import { ENROLMENT_HOURS } from '../../machines/router/timing.ts'
import { instant, reasonBody, wholeNumber } from './common.ts'

export const registerBody = z.strictObject({
  name: printable(100).trim().min(1),
  site: printable(200).nullish().describe('where it stands'),
  api_url: z.url({ protocol: /^https?$/ }).max(300).nullish().describe('where its REST is reached; in the tunnel unless said'),
  provisioning: provisioning.default('radius').describe('how it learns who may log in: it asks RADIUS, or its own users are kept by REST'),
  poll_seconds: z.int().min(30).max(86_400).default(300).describe('how often it is looked at while all is well'),
})

export const reissueBody = z.strictObject({ ...reasonBody.shape, rotate_secrets: z.boolean().default(false).describe('new secrets too: the ones in use stay valid until the router has taken the new ones') })

export const issuedSchema = z
  .object({
    id: z.string(),
    name: z.string(),
    state: z.string(),
    tunnel_address: z.string(),
    script: z.string().describe(`for a terminal of the router. Shown by this answer, and by the same request under its Idempotency-Key; joins it once, within ${ENROLMENT_HOURS} hours`),
    expires_at: instant,
  })
  .meta({ id: 'IssuedRouterScript' })

const text = (charsMax: number) => printable(charsMax)

/** Texts, as RouterOS gives them. */
export const enrolBody = z.object({
  version: text(60).min(1),
  board: text(100).optional(),
  serial: text(100).optional(),
  public_key: wireGuardKey.optional().describe('of its end of the tunnel; one that is none is refused, and the token stays good'),
  packages: z.array(text(40)).max(40).optional(),
})

export const enrolledSchema = z.object({ id: z.string(), name: z.string(), state: z.string(), version: z.string(), capabilities: z.array(z.string()) }).meta({ id: 'EnrolledRouter' })

export const heartbeatBody = z.object({
  version: text(60).optional(),
  uptime: text(40).optional(),
  cpu_load: text(10).optional(),
  active_users: text(10).optional(),
})

export const routerParams = z.object({ id: z.string() })

const moment = instant.nullable()
const seconds = z.int().nullable()
const values = z.record(z.string(), z.union([z.string(), z.number(), z.null()])).nullable()

export const liveSchema = z
  .object({
    reading: values.describe('as read by us'),
    readAt: moment,
    readAgeSeconds: seconds,
    heartbeat: values.describe('as it told by itself'),
    heardAt: moment,
    heardAgeSeconds: seconds,
    isStale: z.boolean().describe('older than two of its usual gaps: do not take it for how things are now'),
  })
  .meta({ id: 'RouterLive' })

const fields = z.record(z.string(), z.string())

export const diffSchema = z
  .object({
    desiredVersion: z.int().nullable(),
    appliedVersion: z.int().nullable(),
    comparedVersion: z.int().nullable(),
    changes: z.array(
      z.discriminatedUnion('do', [
        z.object({ do: z.literal('add'), menu: z.string(), fields }),
        z.object({ do: z.literal('change'), menu: z.string(), id: z.string().nullable(), comment: z.string().nullable(), fields: z.record(z.string(), z.object({ from: z.string().nullable(), to: z.string() })) }),
        z.object({ do: z.literal('remove'), menu: z.string(), id: z.string(), fields }),
      ]),
    ),
  })
  .meta({ id: 'RouterDiff' })

export const diffQuery = z.strictObject({ version: wholeNumber(1, 1_000_000).optional().describe('another version than the wanted one: what a rollback to it would do') })

export const accessPointsSchema = z.object({
  data: z.array(
    z.object({
      mac: z.string(),
      name: z.string().nullable(),
      board: z.string().nullable(),
      version: z.string().nullable(),
      address: z.string().nullable(),
      port: z.string().nullable(),
      clients: z.int(),
      firstSeenAt: instant,
      lastSeenAt: instant,
      isPresent: z.boolean(),
    }),
  ),
})

export const outagesQuery = z.strictObject({ days: wholeNumber(1, 366).default(30) })

export const outagesSchema = z
  .object({
    from: instant,
    until: instant,
    outages: z.array(z.object({ since: instant, until: moment.describe('null while it lasts') })),
    downMinutes: z.number(),
    availability: z.number().describe('0 to 1'),
    months: z
      .array(z.object({ month: z.string().describe('as 2028-02, in the time zone of the business'), slaMinutes: z.int().describe('begun minutes'), downMinutes: z.number(), availability: z.number() }))
      .describe('an outage over the end of a month counts in both'),
  })
  .meta({ id: 'RouterOutages' })

export const affectedSchema = z
  .object({
    sessions: z.array(
      z.object({
        acctSessionId: z.string(),
        username: z.string(),
        address: z.string().nullable(),
        mac: z.string().nullable(),
        since: moment,
        actor: z.object({ type: z.string(), id: z.string() }).nullable().describe('whose access it is'),
      }),
    ),
    asOf: moment.describe('now, as RADIUS accounting tells; of a router that keeps its users itself, when its logins were last read. Null: never'),
    isComplete: z.boolean().describe('false: there may be more'),
    missing: z.enum(['too-many', 'not-looked-at']).nullable().describe('why it is not complete: only the newest 500 are here; or it keeps its users itself and its logins have not been read yet'),
  })
  .meta({ id: 'AffectedByRouter' })

export const peersSchema = z.object({
  data: z.array(z.object({ id: z.string(), name: z.string(), publicKey: z.string(), allowedAddress: z.string() })),
})
