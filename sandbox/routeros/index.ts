/**
 * The RouterOS stand-in: a real HTTP server that plays any number of MikroTik routers, each under a path of its own
 * (`<url>/<name>/rest/...`), with RouterOS 7's REST and its oddities; and a terminal to paste scripts into.
 */
import type { FastifyReply, FastifyRequest } from 'fastify'
import { createBackground } from '../background.ts'
import { createServer, type ListenOptions } from '../server.ts'
import { paste, type Pasted } from './console.ts'
import { listenAgain, openFlash, type Flash } from './flash.ts'
import type { RouterRecord } from './record.ts'
import { PlayedRouter, RouterRefusal } from './router.ts'

/**
 * How it answers:
 * - `well`;
 * - `gone`: breaks every connection, as when the power is out;
 * - `mute`: takes the request and never answers;
 * - `stuck`: RouterOS's own cut of a command that takes too long (60 s; `cutAfterMs` here);
 * - `locked`: 401, whoever comes;
 * - `v6`: a web server, but no REST.
 */
export type RouterMood = 'well' | 'gone' | 'mute' | 'stuck' | 'locked' | 'v6'

export interface RouterOsOptions extends ListenOptions {
  /** Of uptimes. Default `Date.now`. */
  clock?: () => number
  /** Default 60 s. */
  cutAfterMs?: number
  /** A file in which the routers keep what they were told, and their port, as real ones do over a power cut. Default: none. */
  flash?: string
}

export interface RouterHandle {
  /** Where its REST is, without `/rest`. */
  url: string
  router: PlayedRouter
  mood: RouterMood
  /** So many changes are made, but their answers are lost. */
  answersToLose: number
  /** Such as `GET /system/resource`, in order; the newest thousand. */
  requests: string[]
  /** Runs a script as pasted into its terminal. */
  paste(script: string): Promise<Pasted>
  /** What its scheduler does every minute. */
  beat(): Promise<Pasted>
}

export interface RouterOs {
  url: string
  /** The one of that name, made if need be. */
  router(name: string): RouterHandle
  stop(): Promise<void>
}

const REQUESTS_KEPT = 1_000

export async function startRouterOs(options: RouterOsOptions = {}): Promise<RouterOs> {
  const { clock = Date.now, cutAfterMs = 60_000 } = options
  const flash = openFlash(options.flash)
  const routers = new Map<string, RouterHandle>()
  const background = createBackground()
  const app = createServer()

  app.all('/:router/*', async (request: FastifyRequest<{ Params: { router: string; '*': string } }>, reply): Promise<FastifyReply> => {
    const handle = routers.get(request.params.router)
    if (handle === undefined || handle.mood === 'gone') return breakOff(reply)
    const path = `/${request.params['*']}`
    handle.requests.push(`${request.method} ${path.replace(/^\/rest/, '')}`)
    handle.requests.splice(0, handle.requests.length - REQUESTS_KEPT)
    if (handle.mood === 'mute') return reply.hijack()
    if (handle.mood === 'stuck') {
      await background.wait(cutAfterMs)
      return await reply.code(400).send(errorBody(400, 'Session closed'))
    }
    if (handle.mood === 'v6' || !path.startsWith('/rest/')) return await reply.code(404).type('text/html').send('<html><head><title>Error 404: Not Found</title></head></html>')
    if (handle.mood === 'locked' || !isKnown(handle.router, request.headers.authorization)) return await reply.code(401).send(errorBody(401, undefined))
    try {
      const answer = perform(handle.router, request.method, path.slice('/rest'.length), textsOf(request.body))
      if (request.method !== 'GET' && handle.answersToLose > 0) {
        handle.answersToLose -= 1
        return breakOff(reply)
      }
      return answer === undefined ? await reply.code(204).send() : await reply.code(request.method === 'PUT' ? 201 : 200).send(answer)
    } catch (error) {
      if (!(error instanceof RouterRefusal)) throw error
      return await reply.code(error.status).send(errorBody(error.status, error.detail))
    }
  })

  const url = await listenAgain(app, options, flash.kept?.port)
  const port = Number(new URL(url).port)
  const save = (): void => flash.keep({ port, routers: Object.fromEntries([...routers].map(([name, { router }]) => [name, router.menus()])) })

  function play(name: string, menus?: Flash['routers'][string]): RouterHandle {
    const router = new PlayedRouter(clock, menus)
    return {
      url: `${url}/${name}`,
      router,
      mood: 'well',
      answersToLose: 0,
      requests: [],
      async paste(script) {
        const pasted = await paste(router, script)
        save()
        return pasted
      },
      async beat() {
        const results = await Promise.all(router.list('/system/scheduler').map((entry) => paste(router, entry['on-event'] ?? '')))
        return { output: results.flatMap(({ output }) => output), fetched: results.flatMap(({ fetched }) => fetched) }
      },
    }
  }

  for (const [name, menus] of Object.entries(flash.kept?.routers ?? {})) routers.set(name, play(name, menus))
  return {
    url,
    router(name) {
      const known = routers.get(name) ?? play(name)
      routers.set(name, known)
      return known
    },
    async stop() {
      save()
      await Promise.all([background.stop(), app.close()])
    },
  }
}

function perform(router: PlayedRouter, method: string, path: string, body: RouterRecord): RouterRecord | RouterRecord[] | undefined {
  const [, menu = path, id] = /^(.*)\/(\*[0-9A-F]+)$/.exec(path) ?? []
  switch (method) {
    case 'GET': {
      if (id !== undefined) return withoutSecrets(router.find(menu, id))
      const records = router.list(menu).map(withoutSecrets)
      return router.isSingle(menu) ? records[0] : records
    }
    case 'PUT':
      return withoutSecrets(router.add(menu, body))
    case 'PATCH':
      return withoutSecrets(router.change(menu, id ?? '', body))
    case 'DELETE':
      router.remove(menu, id ?? '')
      return undefined
    default: {
      const [, single = ''] = /^(.*)\/set$/.exec(path) ?? []
      if (single === '' || !router.isSingle(single)) throw new RouterRefusal(400, 'no such command')
      Object.assign(router.list(single)[0] ?? {}, body)
      return []
    }
  }
}

/** Users without the policy `sensitive` do not see them. */
function withoutSecrets({ password: _password, secret: _secret, 'private-key': _privateKey, ...record }: RouterRecord): RouterRecord {
  return record
}

function isKnown(router: PlayedRouter, authorization: string | undefined): boolean {
  const [name, password] = Buffer.from(authorization?.replace(/^Basic /, '') ?? '', 'base64').toString().split(':')
  const user = router.list('/user').find((one) => one['name'] === name)
  return user?.['password'] !== undefined && user['password'] === password
}

/** Whatever comes in, texts are kept. */
function textsOf(body: unknown): RouterRecord {
  if (typeof body !== 'object' || body === null) return {}
  return Object.fromEntries(Object.entries(body).map(([name, value]) => [name, typeof value === 'string' ? value : JSON.stringify(value)]))
}

function errorBody(status: number, detail: string | undefined): object {
  const message = { 400: 'Bad Request', 401: 'Unauthorized', 404: 'Not Found' }[status] ?? 'Internal Server Error'
  return detail === undefined ? { error: status, message } : { error: status, message, detail }
}

function breakOff(reply: FastifyReply): FastifyReply {
  reply.hijack()
  reply.raw.socket?.resetAndDestroy()
  return reply
}
