/** Thin calls for what needs the price list: beginning a subscription and changing its package. All else is events of the actor. */
import { z } from 'zod'
import { normalisePhone } from '../../actors/gateways/phone.ts'
import type { SubscriptionPlan } from '../../machines/plan.ts'
import { printable, remark } from '../../machines/printable.ts'
import type { SubscriptionContext } from '../../machines/subscription/context.ts'
import { changeAt, type SubscriptionInput } from '../../machines/subscription/events.ts'
import { StandingError, type ActorView, type Runtime } from '../../runtime/index.ts'
import type { App } from '../app-type.ts'
import { derivedId } from '../derived-id.ts'
import { etagOf, idempotencyKey, ifMatchSeq } from '../http/headers.ts'
import { Problem } from '../http/problem.ts'
import { traceIdOf } from '../http/trace.ts'
import { lensFor } from '../privacy/lens.ts'
import { madeFrom, saidBefore } from '../repetition.ts'
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
  .strictObject({ package_id: printable(64).min(1), at: changeAt.default('term-end'), reason: remark(500).optional() })
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
      const asked = { name: body.name, phone: phone.phone, locale: body.locale }
      const before = id === undefined ? undefined : await madeFrom<SubscriptionInput>(runtime, { tenant: principal.tenant, type: TYPE, id }, eventId)
      const view = before === undefined ? await createNew({ ...asked, timeZone, plan: await planOf(catalogue, principal.tenant, body.package_id) }) : await create(before)
      // Of two at once under one key both came here without finding the other.
      demandSame(before ?? (view.context as SubscriptionContext), { ...asked, packageId: body.package_id })
      if (before !== undefined) reply.header('idempotency-replayed', 'true')
      reply.code(201).header('location', `/api/v1/actors/subscription/${encodeURIComponent(view.id)}`).header('etag', etagOf(view.seq))
      return lensFor(principal, definition).view(view)

      /** Of two at once with the same number of chance, the second breaks the key of the table and takes another. */
      async function createNew(input: Omit<SubscriptionInput, 'accountNumber'>): Promise<ActorView> {
        const accountNumber = await freeAccountNumber(accounts)
        try {
          return await create({ ...input, accountNumber })
        } catch (error) {
          const isRefused = error instanceof StandingError && ['actor-exists', 'invalid-input'].includes(error.code)
          if (isRefused || !(await accounts.isTaken(accountNumber))) throw error
          return await createNew(input)
        }
      }

      function create(input: SubscriptionInput): Promise<ActorView> {
        const correlationId = traceIdOf(request.headers)
        return runtime.create({ tenant: principal.tenant, type: TYPE, ...(id === undefined ? {} : { id }) }, input, {
          source: principal.source,
          ...(eventId === undefined ? {} : { eventId }),
          ...(correlationId === undefined ? {} : { correlationId }),
        })
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
      const address = { tenant: principal.tenant, type: TYPE, id: request.params.id }
      const eventId = idempotencyKey(request)
      const ifSeq = ifMatchSeq(request)
      const [before] = await saidBefore(runtime, [{ to: address, eventId }])
      const agreed = before?.['package'] as SubscriptionPlan | undefined
      const plan = agreed?.id === body.package_id ? agreed : await planOf(catalogue, principal.tenant, body.package_id)
      const event = { type: 'subscription.changePackage', package: plan, at: body.at, ...(body.reason === undefined ? {} : { reason: body.reason }) }
      const { actor, outcome } = await runtime.send(address, event, { source: principal.source, ...(eventId === undefined ? {} : { eventId, checkBody: true }), ...(ifSeq === undefined ? {} : { ifSeq }) })
      if (outcome === 'duplicate') reply.header('idempotency-replayed', 'true')
      reply.header('etag', etagOf(actor.seq))
      return lensFor(principal, definitionOf(runtime, TYPE)).view(actor)
    },
  )
}

function demandSame({ name, phone, locale, plan }: Pick<SubscriptionInput, 'name' | 'phone' | 'locale' | 'plan'>, asked: { name: string; phone: string; locale: string; packageId: string }): void {
  if (name === asked.name && phone === asked.phone && locale === asked.locale && plan.id === asked.packageId) return
  throw new Problem('idempotency-mismatch', 'This Idempotency-Key was used before, for another subscription.')
}
