/** From settings to what the client needs to connect. Credentials stay in here: nothing made for people holds one. */
import { readFileSync } from 'node:fs'
import { credsAuthenticator, nkeyAuthenticator, type ConnectionOptions } from 'nats'
import type { JetStreamBusOptions } from './options.ts'

/** How to reach one server; `where` may be shown to anybody. */
export interface Login {
  readonly where: string
  /** Made anew for each connection: a renewed creds file counts. */
  connectOptions(): ConnectionOptions
}

/** @throws Error for an address that cannot be understood; the message does not repeat it, since it may hold a password. */
export function logins(options: JetStreamBusOptions): Login[] {
  const texts = typeof options.servers === 'string' ? options.servers.split(',') : options.servers
  const found = texts.map((text) => text.trim()).filter((text) => text !== '')
  if (found.length === 0) throw new Error('no NATS server is given')
  return found.map((text, index) => login(text, index, options))
}

function login(text: string, index: number, options: JetStreamBusOptions): Login {
  const url = parse(text, index)
  const where = `${url.hostname}:${url.port === '' ? '4222' : url.port}`
  const isSecret = url.protocol === 'tls:' || options.tls !== undefined
  const user = options.user ?? decodeURIComponent(url.username)
  const password = options.password ?? decodeURIComponent(url.password)
  // `nats://secret@host` is the token form; with a password it is a user's.
  const isToken = options.user === undefined && user !== '' && password === ''
  const token = options.token ?? (isToken ? user : undefined)
  return {
    where,
    connectOptions: () => ({
      servers: [where],
      ...(token !== undefined ? { token } : user === '' ? {} : { user, pass: password }),
      ...authenticator(options),
      ...(isSecret ? { tls: { ...options.tls } } : {}),
    }),
  }
}

function parse(text: string, index: number): URL {
  const withScheme = text.includes('://') ? text : `nats://${text}`
  let url: URL | undefined
  try {
    url = new URL(withScheme)
  } catch {
    // Thrown below, without the text.
  }
  if (url === undefined || url.hostname === '' || !['nats:', 'tls:'].includes(url.protocol)) {
    throw new Error(`NATS address ${index + 1} must look like nats://host:4222 or tls://host:4222`)
  }
  return url
}

function authenticator({ credsFile, nkeySeed }: JetStreamBusOptions): ConnectionOptions {
  if (credsFile !== undefined) return { authenticator: credsAuthenticator(readFileSync(credsFile)) }
  if (nkeySeed !== undefined) return { authenticator: nkeyAuthenticator(new TextEncoder().encode(nkeySeed)) }
  return {}
}
