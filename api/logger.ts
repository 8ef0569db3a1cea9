/** The log: JSON lines without secrets. Redaction is by field name; addresses and keys of people are never log fields at all. */
import pino, { type DestinationStream, type Logger } from 'pino'
import { redactUrl } from './http/redact-url.ts'

const SECRET_FIELDS = ['authorization', 'cookie', '["set-cookie"]', '["x-api-key"]', '["x-webhook-apikey"]', 'password', 'passkey', 'secret', 'token', 'apiKey', 'body']

/** At the top and one or two levels down, where request headers and gateway fields stand. */
const REDACTED = SECRET_FIELDS.flatMap((field) => {
  const below = field.startsWith('[') ? field : `.${field}`
  return [field, `*${below}`, `*.*${below}`]
})

export function createLogger(options: { level: string; destination?: DestinationStream }): Logger {
  const settings = {
    level: options.level,
    redact: { paths: REDACTED, censor: '[redacted]' },
    serializers: {
      err: errorFields,
      // Fastify logs these in a few rare cases; neither headers nor the query belong there.
      req: (request: { method?: string; url?: string }) => ({ method: request.method, url: redactUrl(request.url ?? '') }),
      res: (reply: { statusCode?: number }) => ({ statusCode: reply.statusCode }),
    },
    timestamp: pino.stdTimeFunctions.isoTime,
  }
  return options.destination === undefined ? pino(settings) : pino(settings, options.destination)
}

/** Only what an error says of itself: libraries hang requests, configurations and bodies on their errors. */
function errorFields(error: unknown): object {
  if (!(error instanceof Error)) return typeof error === 'object' && error !== null ? recordFields(error) : { message: String(error) }
  const code = (error as { code?: unknown }).code
  return {
    type: error.name,
    message: error.message,
    ...(typeof code === 'string' ? { code } : {}),
    stack: error.stack,
    ...(error.cause instanceof Error ? { cause: { type: error.cause.name, message: error.cause.message } } : {}),
  }
}

/** The engine keeps errors as plain records. Whatever else stands in one, such as a context or a payload, stays out of the log. */
function recordFields({ name, message, code }: { name?: unknown; message?: unknown; code?: unknown }): object {
  return {
    ...(typeof name === 'string' ? { type: name } : {}),
    message: typeof message === 'string' ? message : 'an error without a message',
    ...(typeof code === 'string' ? { code } : {}),
  }
}
