/** Thin calls for what needs the price list: beginning a subscription and changing its package. All else is events of the actor. */
import { z } from 'zod'
import { normalisePhone } from '../../actors/gateways/phone.ts'
import { printable, remark } from '../../machines/printable.ts'
import { StandingError, type ActorView, type Runtime } from '../../runtime/index.ts'
import type { App } from '../app-type.ts'
import { derivedId } from '../derived-id.ts'
import { etagOf, idempotencyKey, ifMatchSeq } from '../http/headers.ts'
import { Problem } from '../http/problem.ts'
import { traceIdOf } from '../http/trace.ts'
import { lensFor } from '../privacy/lens.ts'
import type { Accounts } from '../ports/accounts.ts'
import type { PackageCatalogue } from '../ports/package-catalogue.ts'
import { actorView } from '../schemas/actor.ts'
import { createdId, noQuery } from '../schemas/common.ts'
import { staffProblems } from '../schemas/problem.ts'
import { freeAccountNumber } from '../subscriptions/account-number.ts'
import { planOf } from '../subscriptions/plan-of.ts'
import { definitionOf } from './actors.ts'

const newSubscription = z
  .strictObject({
    id: createdId.optional(),
    name: printable(100).trim().min(1),
    phone: z.string().max(40).describe('any usual way of writing it'),
    package_id: printable(64).min(1),
    locale: z.enum(['en', 'sw']).default('en'),
  })
  .meta({ id: 'NewSubscription' })

const packageChange = z
  .strictObject({ package_id: printable(64).min(1), at: z.union([z.literal('term-end'), z.iso.datetime({ offset: true })]).default('term-end'), reason: remark(500).optional() })
  .meta({ id: 'SubscriptionPackageChange' })

const TYPE = 'subscription'
const NOT_JSON = ['payload-too-large', 'unsupported-media-type', 'idempotency-mismatch'] as const

export interface SubscriptionRouteDeps {
  runtime: Runtime
  accounts: Accounts
  catalogue: PackageCatalogue
  /** Where the business counts its months. */
  timeZone: string
}

export function subscriptionRoutes(app: App, { runtime, accounts, catalogue, timeZone }: SubscriptionRouteDeps): void {
  app.post(
    '/subscriptions',
    {
      config: { permission: 'create' },
      schema: {
        tags: ['subscriptions'],
        summary: 'Begin a subscription: it waits for its first payment',
        description: 'The answer has the account number that the customer pays to. Header `Idempotency-Key`: the same key gives the same subscription.',
        querystring: noQuery,
        body: newSubscription,
        response: { 201: actorView, ...staffProblems('package-unknown', 'actor-exists', ...NOT_JSON) },
      },
    },
    async (request, reply) => {
      const { principal, body } = request
      const definition = definitionOf(runtime, TYPE)
      const eventId = idempotencyKey(request)
      const id = body.id ?? (eventId === undefined ? undefined : derivedId(definition, principal.tenant, eventId))
      const phone = normalisePhone(body.phone)
      if (!phone.ok) throw new Problem('invalid-input', undefined, { errors: [{ pointer: '/phone', detail: phone.problem }] })
      const plan = await planOf(catalogue, principal.tenant, body.package_id)
      const before = eventId === undefined || id === undefined ? undefined : await runtime.get({ tenant: principal.tenant, type: TYPE, id })
      const view = before ?? (await create(id, { name: body.name, phone: phone.phone, locale: body.locale, timeZone, plan }))
      if (before !== undefined) {
        demandSame(before, { name: body.name, phone: phone.phone })
        reply.header('idempotency-replayed', 'true')
      }
      reply.code(201).header('location', `/api/v1/actors/subscription/${encodeURIComponent(view.id)}`).header('etag', etagOf(view.seq))
      return lensFor(principal, definition).view(view)

      /** Of two at once with the same number of chance, the second breaks the key of the table and takes another. */
      async function create(id: string | undefined, input: object): Promise<ActorView> {
        const correlationId = traceIdOf(request.headers)
        const accountNumber = await freeAccountNumber(accounts)
        const options = { source: principal.source, ...(correlationId === undefined ? {} : { correlationId }) }
        try {
          return await runtime.create({ tenant: principal.tenant, type: TYPE, ...(id === undefined ? {} : { id }) }, { ...input, accountNumber }, options)
        } catch (error) {
          const isRefused = error instanceof StandingError && ['actor-exists', 'invalid-input'].includes(error.code)
          if (isRefused || !(await accounts.isTaken(accountNumber))) throw error
          return await create(id, input)
        }
      }
    },
  )

  app.post(
    '/subscriptions/:id/package',
    {
      config: { permission: 'send' },
      schema: {
        tags: ['subscriptions'],
        summary: 'Agree on another package, at the price of today',
        params: z.object({ id: z.string() }),
        querystring: noQuery,
        body: packageChange,
        response: { 200: actorView, ...staffProblems('package-unknown', 'actor-not-found', 'actor-blocked', 'event-not-accepted', 'stale-version', ...NOT_JSON) },
      },
    },
    async (request, reply) => {
      const { principal, body } = request
      const plan = await planOf(catalogue, principal.tenant, body.package_id)
      const address = { tenant: principal.tenant, type: TYPE, id: request.params.id }
      const event = { type: 'subscription.changePackage', package: plan, at: body.at, ...(body.reason === undefined ? {} : { reason: body.reason }) }
      const eventId = idempotencyKey(request)
      const ifSeq = ifMatchSeq(request)
      const { actor } = await runtime.send(address, event, { source: principal.source, ...(eventId === undefined ? {} : { eventId }), ...(ifSeq === undefined ? {} : { ifSeq }) })
      reply.header('etag', etagOf(actor.seq))
      return lensFor(principal, definitionOf(runtime, TYPE)).view(actor)
    },
  )
}

function demandSame(view: ActorView, asked: { name: string; phone: string }): void {
  const { name, phone } = view.context as { name: string; phone: string }
  if (name !== asked.name || phone !== asked.phone) throw new Problem('idempotency-mismatch', 'This Idempotency-Key was used before, for another subscription.')
}
