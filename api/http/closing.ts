/** Draining: tells everything that waits (long polls) to answer now, so that the server can close in time. */
import type { App } from '../app-type.ts'

/** Aborted as soon as closing begins, before the server stops taking connections. */
export function useClosing(app: App): AbortSignal {
  const controller = new AbortController()
  app.addHook('preClose', (done) => {
    controller.abort()
    done()
  })
  // What was in flight when closing began leaves its connection open, which would hold up the close.
  app.addHook('onResponse', (_request, _reply, done) => {
    if (controller.signal.aborted) setImmediate(() => app.server.closeIdleConnections())
    done()
  })
  return controller.signal
}
