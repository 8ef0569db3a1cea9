/** Routers: registered by staff, set up by the router itself, and looked into by staff. */
import { z } from 'zod'
import { parseDuration } from '../../actors/gateways/routeros/duration.ts'
import type { App } from '../app-type.ts'
import { bearerKey } from '../auth/authenticate.ts'
import type { Principal } from '../auth/principal.ts'
import { idempotencyKey } from '../http/headers.ts'
import type { RouterDevice } from '../../machines/router/events.ts'
import type { Runtime } from '../../runtime/index.ts'
import { maskValue } from '../privacy/mask.ts'
import { routerCallsIn } from '../routers/calls-in.ts'
import type { RouterParts } from '../routers/parts.ts'
import { routerReading } from '../routers/reading.ts'
import { routerRegistration, type Issued } from '../routers/registration.ts'
import { noQuery } from '../schemas/common.ts'
import { problems, staffProblems } from '../schemas/problem.ts'
import {
  accessPointsSchema, affectedSchema, diffQuery, diffSchema, enrolBody, enrolledSchema, heartbeatBody, issuedSchema, liveSchema, outagesQuery, outagesSchema,
  peersSchema, registerBody, reissueBody, routerParams,
} from '../schemas/router.ts'

const WITH_BODY = ['payload-too-large', 'unsupported-media-type'] as const

/** Under `/api`, for staff: both answers hold secrets, once. */
export function routerStaffRoutes(app: App, runtime: Runtime, parts: RouterParts): void {
  const registration = routerRegistration(runtime, parts)

  app.post(
    '/routers',
    {
      config: { permission: 'hardware' },
      schema: {
        tags: ['routers'],
        summary: 'Register a router; the answer has its connectivity script',
        description: 'Header `Idempotency-Key`: the same key and body again gives the first answer, with the same script, whose token works once.',
        querystring: noQuery,
        body: registerBody,
        response: { 201: issuedSchema, ...staffProblems('router-exists', 'idempotency-mismatch', ...WITH_BODY) },
      },
    },
    async (request, reply) => {
      const { principal, body } = request
      const order = { name: body.name, site: body.site ?? null, apiUrl: body.api_url ?? null, pollSeconds: body.poll_seconds, provisioning: body.provisioning }
      const issued = await registration.register(order, principal, idempotencyKey(request))
      if (issued.isReplay) reply.header('idempotency-replayed', 'true')
      reply.code(201).header('location', `/api/v1/actors/router/${issued.view.id}`).header('cache-control', 'no-store')
      return issuedView(issued)
    },
  )

  app.post(
    '/routers/:id/script',
    {
      config: { permission: 'hardware' },
      schema: {
        tags: ['routers'],
        summary: 'Issue a new script; the one before no longer works',
        params: routerParams,
        querystring: noQuery,
        body: reissueBody,
        response: { 200: issuedSchema, ...staffProblems('actor-not-found', 'actor-done', 'actor-blocked', ...WITH_BODY) },
      },
    },
    async ({ principal, params, body }, reply) => {
      reply.header('cache-control', 'no-store')
      return issuedView(await registration.reissue(routerOf(principal, params.id), body.reason, body.rotate_secrets, principal))
    },
  )
}

/** For routers, which prove themselves by token. */
export function routerPublicRoutes(app: App, runtime: Runtime, parts: RouterParts): void {
  const callsIn = routerCallsIn(runtime, parts)

  app.post(
    '/api/routers/:id/enrol',
    {
      schema: {
        tags: ['routers'],
        summary: 'The router reports that its script was pasted',
        description: 'Authorization: Bearer <the one-time token of the script>. What is refused as `invalid-input`, such as a `public_key` that is none of WireGuard, leaves the token as it was.',
        params: routerParams,
        querystring: noQuery,
        body: enrolBody,
        response: { 200: enrolledSchema, ...problems('invalid-input', 'router-refused', 'router-unsupported', ...WITH_BODY) },
      },
    },
    async (request) => {
      const view = await callsIn.enrol(request.params.id, bearerKey(request.headers.authorization), deviceOf(request.body))
      const { name, device } = view.context as { name: string; device: RouterDevice | null }
      return { id: view.id, name, state: view.states[0] ?? '', version: device?.version ?? '', capabilities: device?.capabilities ?? [] }
    },
  )

  app.post(
    '/api/routers/:id/heartbeat',
    {
      schema: {
        tags: ['routers'],
        summary: 'The router says that it lives',
        description: 'Authorization: Bearer <the token of this router>',
        params: routerParams,
        querystring: noQuery,
        body: heartbeatBody,
        response: { 204: z.null().describe('Heard'), ...problems('invalid-input', 'router-refused', 'actor-blocked', ...WITH_BODY) },
      },
    },
    async (request, reply) => {
      await callsIn.heartbeat(request.params.id, bearerKey(request.headers.authorization), heardIn(request.body))
      return reply.code(204).send(null)
    },
  )
}

/** Under `/api/v1`. */
export function routerReadingRoutes(app: App, runtime: Runtime, parts: RouterParts, timeZone: string): void {
  const reading = routerReading(runtime, parts, timeZone)
  const ofOne = { tags: ['routers'], params: routerParams }

  app.get(
    '/routers/peers',
    { config: { permission: 'hardware' }, schema: { tags: ['routers'], summary: 'The routers’ ends of the tunnel, for the server at our end', querystring: noQuery, response: { 200: peersSchema, ...staffProblems() } } },
    async ({ principal }) => ({ data: (await parts.routers.peers(principal.tenant)).map(({ id, name, publicKey, address }) => ({ id, name, publicKey, allowedAddress: `${address}/32` })) }),
  )

  app.get(
    '/routers/:id/live',
    { config: { permission: 'read' }, schema: { ...ofOne, summary: 'What it last said of itself, and how old that is', querystring: noQuery, response: { 200: liveSchema, ...staffProblems('actor-not-found') } } },
    async ({ principal, params }) => {
      const { readAt, heardAt, ...rest } = await reading.live(routerOf(principal, params.id))
      return { ...rest, readAt: instantOf(readAt), heardAt: instantOf(heardAt) }
    },
  )

  app.get(
    '/routers/:id/diff',
    {
      config: { permission: 'simulate' },
      schema: { ...ofOne, summary: 'What would change on it if the wanted configuration were brought on now; changes nothing', querystring: diffQuery, response: { 200: diffSchema, ...staffProblems('actor-not-found', 'router-unreachable') } },
    },
    async ({ principal, params, query }) => reading.diff(routerOf(principal, params.id), query.version),
  )

  app.get(
    '/routers/:id/access-points',
    { config: { permission: 'read' }, schema: { ...ofOne, summary: 'The access points behind it', querystring: noQuery, response: { 200: accessPointsSchema, ...staffProblems('actor-not-found') } } },
    async ({ principal, params }) => ({
      data: (await reading.accessPoints(routerOf(principal, params.id))).map(({ firstSeenAt, lastSeenAt, ...one }) => ({ ...one, firstSeenAt: instantOf(firstSeenAt), lastSeenAt: instantOf(lastSeenAt) })),
    }),
  )

  app.get(
    '/routers/:id/outages',
    { config: { permission: 'read' }, schema: { ...ofOne, summary: 'Its outages and its availability', querystring: outagesQuery, response: { 200: outagesSchema, ...staffProblems('actor-not-found') } } },
    async ({ principal, params, query }) => {
      const { from, until, outages, downMs, availability, months } = await reading.outages(routerOf(principal, params.id), query.days)
      return {
        from: instantOf(from),
        until: instantOf(until),
        outages: outages.map((one) => ({ since: instantOf(one.since), until: instantOf(one.until) })),
        downMinutes: downMs / 60_000,
        availability,
        months: months.map((one) => ({ month: one.month, slaMinutes: one.slaMinutes, downMinutes: one.downMs / 60_000, availability: one.availability })),
      }
    },
  )

  app.get(
    '/routers/:id/affected',
    { config: { permission: 'read' }, schema: { ...ofOne, summary: 'Who is cut off when it fails: the logins that are open there', querystring: noQuery, response: { 200: affectedSchema, ...staffProblems('actor-not-found') } } },
    async ({ principal, params }) => {
      const { sessions, asOf, missing } = await reading.affected(routerOf(principal, params.id))
      const masked = <T>(value: T): T => (principal.permissions.has('personal') ? value : (maskValue(value) as T))
      return { sessions: sessions.map((one) => ({ ...one, mac: masked(one.mac), since: instantOf(one.since) })), asOf: instantOf(asOf), isComplete: missing === null, missing }
    },
  )
}

function routerOf({ tenant }: Principal, id: string) {
  return { tenant, type: 'router', id }
}

function instantOf(at: number): string
function instantOf(at: number | null): string | null
function instantOf(at: number | null): string | null {
  return at === null ? null : new Date(at).toISOString()
}

function issuedView({ view, script, expiresAt }: Issued) {
  const { name, tunnelAddress } = view.context as { name: string; tunnelAddress: string }
  return { id: view.id, name, state: view.states[0] ?? '', tunnel_address: tunnelAddress, script, expires_at: new Date(expiresAt).toISOString() }
}

function heardIn({ version, uptime, cpu_load, active_users }: z.output<typeof heartbeatBody>) {
  return { version: version ?? null, uptimeSeconds: parseDuration(uptime ?? '') ?? null, cpuLoad: cpu_load ?? null, activeUsers: active_users ?? null }
}

function deviceOf({ version, board, serial, public_key, packages }: z.output<typeof enrolBody>): RouterDevice {
  return { version, board: board ?? null, serial: serial ?? null, publicKey: public_key ?? null, capabilities: packages ?? [] }
}
