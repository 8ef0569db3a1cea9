/** The price list for those who make it. What was sold keeps its own copy, so no change here reaches it. */
import { z } from 'zod'
import type { App } from '../app-type.ts'
import { etagOf, ifMatchSeq } from '../http/headers.ts'
import { Problem } from '../http/problem.ts'
import { changedFields, fieldsOf, recordView } from '../packages/package-fields.ts'
import type { PackageCatalogue, PackageRecord } from '../ports/package-catalogue.ts'
import { noQuery } from '../schemas/common.ts'
import { newPackage, packageChange, packageListQuery, packageRecord } from '../schemas/package.ts'
import { staffProblems } from '../schemas/problem.ts'

const params = z.object({ id: z.string() })
const NOT_JSON = ['payload-too-large', 'unsupported-media-type'] as const

export function packageRoutes(app: App, catalogue: PackageCatalogue, now: () => number): void {
  app.get(
    '/packages',
    {
      config: { permission: 'read', audited: 'refused' },
      schema: { tags: ['packages'], summary: 'Packages on sale, or archived ones', querystring: packageListQuery, response: { 200: z.object({ data: z.array(packageRecord) }), ...staffProblems() } },
    },
    async ({ principal, query }) => ({ data: (await catalogue.listAll(principal.tenant, query)).map(recordView) }),
  )

  app.get(
    '/packages/:id',
    { config: { permission: 'read', audited: 'refused' }, schema: { tags: ['packages'], summary: 'One package', params, querystring: noQuery, response: { 200: packageRecord, ...staffProblems('package-not-found') } } },
    async ({ principal, params: { id } }, reply) => {
      const found = await existing(principal.tenant, id)
      reply.header('etag', etagOf(found.revision))
      return recordView(found)
    },
  )

  app.post(
    '/packages',
    {
      config: { permission: 'prices' },
      schema: { tags: ['packages'], summary: 'Put a package on sale', querystring: noQuery, body: newPackage, response: { 201: packageRecord, ...staffProblems('package-exists', ...NOT_JSON) } },
    },
    async ({ principal, body }, reply) => {
      const { id, ...fields } = body
      const made = await catalogue.create(principal.tenant, id, fieldsOf(fields))
      if (made === undefined) throw new Problem('package-exists')
      reply.code(201).header('location', `/api/v1/packages/${made.id}`).header('etag', etagOf(made.revision))
      return recordView(made)
    },
  )

  app.patch(
    '/packages/:id',
    {
      config: { permission: 'prices' },
      schema: {
        tags: ['packages'],
        summary: 'Change a package',
        description: 'For who buys from now on; running subscriptions keep what they agreed to. `If-Match` guards against the changes of others.',
        params,
        querystring: noQuery,
        body: packageChange,
        response: { 200: packageRecord, ...staffProblems('package-not-found', 'stale-version', ...NOT_JSON) },
      },
    },
    async (request, reply) => {
      const { tenant } = request.principal
      const before = await guarded(tenant, request.params.id, ifMatchSeq(request))
      const changed = await catalogue.update(tenant, before.id, before.revision, changedFields(before, request.body))
      reply.header('etag', etagOf(demandFresh(changed).revision))
      return recordView(demandFresh(changed))
    },
  )

  app.delete(
    '/packages/:id',
    {
      config: { permission: 'prices' },
      schema: {
        tags: ['packages'],
        summary: 'Take a package off sale',
        description: 'It is archived, not removed: what was sold refers to it.',
        params,
        querystring: noQuery,
        response: { 200: packageRecord, ...staffProblems('package-not-found', 'stale-version') },
      },
    },
    async (request, reply) => {
      const { tenant } = request.principal
      const before = await guarded(tenant, request.params.id, ifMatchSeq(request))
      const archived = before.archivedAt === null ? demandFresh(await catalogue.archive(tenant, before.id, before.revision, now())) : before
      reply.header('etag', etagOf(archived.revision))
      return recordView(archived)
    },
  )

  async function existing(tenant: string, id: string): Promise<PackageRecord> {
    const found = await catalogue.get(tenant, id)
    if (found === undefined) throw new Problem('package-not-found')
    return found
  }

  async function guarded(tenant: string, id: string, revision: number | undefined): Promise<PackageRecord> {
    const found = await existing(tenant, id)
    if (revision !== undefined && revision !== found.revision) demandFresh(undefined)
    return found
  }
}

function demandFresh(written: PackageRecord | undefined): PackageRecord {
  if (written === undefined) throw new Problem('stale-version', 'The package was changed meanwhile; read it again.')
  return written
}
