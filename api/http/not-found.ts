/** Answers for addresses that lead nowhere, and for known addresses with another method (405 with `Allow`). */
import type { FastifyInstance } from 'fastify'
import { Problem } from './problem.ts'

/** Must be called before any route is added: it watches them being added. */
export function useNotFound(app: FastifyInstance): void {
  const methodsByPath = new Map<string, Set<string>>()
  app.addHook('onRoute', ({ url, method }) => {
    const methods = methodsByPath.get(url) ?? new Set()
    for (const one of [method].flat()) methods.add(one.toUpperCase())
    methodsByPath.set(url, methods)
  })

  let patterns: { pattern: RegExp; methods: Set<string> }[] | undefined
  app.setNotFoundHandler((request) => {
    patterns ??= [...methodsByPath].map(([path, methods]) => ({ pattern: patternOf(path), methods }))
    const path = request.url.split('?', 1)[0] ?? ''
    // A wrong secret must look like nothing at all, so nothing is said about hooks.
    const known = path.startsWith('/hooks/') ? undefined : patterns.find(({ pattern }) => pattern.test(path))
    if (known === undefined) throw new Problem('route-not-found')
    throw new Problem('method-not-allowed', undefined, { headers: { allow: [...known.methods].join(', ') } })
  })
}

function patternOf(path: string): RegExp {
  const source = path.replace(/[.*+?^${}()|[\]\\]/g, '\\$&').replace(/:[A-Za-z]+/g, '[^/]+')
  return new RegExp(`^${source}$`)
}
