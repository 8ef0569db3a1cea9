/** The hand-written endpoint: Fastify and one transaction per event, without authentication and validation. */
import Fastify from 'fastify'
import { ACTORS } from '../cycle.ts'
import { openBaseline } from '../suites/baseline.ts'
import { optionsOf, serve } from './serve.ts'

const { url } = optionsOf<{ url: string }>()
const baseline = await openBaseline(url, ACTORS)
const app = Fastify()
app.post<{ Params: { id: string } }>('/api/v1/actors/cycle/:id/events', async (request) => ({ seq: await baseline.turn(request.params.id) }))

serve({ url: await app.listen({ host: '127.0.0.1', port: 0 }) }, {}, async () => {
  await app.close()
  await baseline.close()
})
