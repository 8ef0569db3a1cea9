/** One box for anything a caller can say. */
import { z } from 'zod'
import type { App } from '../app-type.ts'
import type { ActorView, Runtime } from '../../runtime/index.ts'
import { maskValue } from '../privacy/mask.ts'
import { searchCandidates } from '../search/candidates.ts'
import { statePhrase } from '../search/phrase.ts'
import { staffProblems } from '../schemas/problem.ts'

const HITS_MAX = 50

const hit = z.object({
  kind: z.string().describe('of the identifier that matched, or `id`'),
  match: z.string(),
  type: z.string(),
  id: z.string(),
  status: z.string(),
  phrase: z.string(),
  updatedAt: z.string(),
})

export function searchRoutes(app: App, runtime: Runtime): void {
  app.get(
    '/search',
    {
      config: { permission: 'read' },
      schema: {
        tags: ['search'],
        summary: 'Find actors by phone, receipt, MAC, id, ...',
        querystring: z.strictObject({ q: z.string().trim().min(1).max(200) }),
        response: { 200: z.object({ data: z.array(hit) }), ...staffProblems() },
      },
    },
    async ({ principal, query: { q } }) => {
      const { tenant } = principal
      const values = searchCandidates(q)
      const [named, byId] = await Promise.all([runtime.search({ tenant, values, limit: HITS_MAX }), findById(tenant, q.trim())])
      const isMasked = !principal.permissions.has('personal')
      const found = await Promise.all(
        named.map(async ({ identifier, address }) => ({ kind: identifier.kind, match: isMasked ? shown(identifier.kind, identifier.value) : identifier.value, view: await runtime.get(address) })),
      )
      const hits = [...byId.map((view) => ({ kind: 'id', match: view.id, view })), ...found]
      // The newest first: that is what a caller is calling about.
      const data = hits.flatMap(({ kind, match, view }) => (view === undefined ? [] : [describe(kind, match, view)]))
      return { data: data.sort((a, b) => b.updatedAt.localeCompare(a.updatedAt)) }
    },
  )

  /** An id may be given alone or as `type/id`; made ids start with the prefix of their type. */
  async function findById(tenant: string, q: string): Promise<ActorView[]> {
    const slash = q.indexOf('/')
    const [wantedType, id] = slash === -1 ? [undefined, q] : [q.slice(0, slash), q.slice(slash + 1)]
    if (!/^[A-Za-z0-9_~.-]{1,400}$/.test(id)) return []
    const types = runtime.definitions().filter(({ type, idPrefix }) => (wantedType === undefined ? id.startsWith(`${idPrefix ?? type}_`) : type === wantedType))
    const views = await Promise.all(types.map(({ type }) => runtime.get({ tenant, type, id })))
    return views.filter((view) => view !== undefined)
  }

  function describe(kind: string, match: string, view: ActorView): z.output<typeof hit> {
    const phrase = statePhrase(view, runtime.definition(view.type), 'staff') ?? view.states.join(', ')
    return { kind, match, type: view.type, id: view.id, status: view.status, phrase, updatedAt: view.updatedAt }
  }
}

/** References of systems are no personal data; what names a person or a device is. */
function shown(kind: string, value: string): string {
  return /phone|mac|mail|name|ip$/i.test(kind) ? String(maskValue(value)) : value
}
