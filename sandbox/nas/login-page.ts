/**
 * The login page of a MikroTik hotspot with `login-by=http-chap`: what it hands over to a portal, and the form that it takes back. The
 * password field is hexMD5(chap-id + password + chap-challenge), each challenge for one try.
 */
import { createHash, randomBytes } from 'node:crypto'
import { z } from 'zod'
import type { createServer } from '../server.ts'
import type { Logins } from './logins.ts'

interface Challenge {
  id: Buffer
  challenge: Buffer
}

const CHALLENGE_BYTES = 16
/** Devices that have seen the page and not come back. */
const CHALLENGES_MAX = 1_000
const formBody = z.strictObject({ username: z.string().max(253), password: z.string().max(128), mac: z.string().max(253).default('AA:BB:CC:DD:EE:FF') })

export function registerLoginPage(app: ReturnType<typeof createServer>, logins: Logins): void {
  const byDevice = new Map<string, Challenge>()

  app.get<{ Querystring: { mac?: string } }>('/login', ({ query: { mac = 'AA:BB:CC:DD:EE:FF' }, protocol, host }) => {
    const given = { id: randomBytes(1), challenge: randomBytes(CHALLENGE_BYTES) }
    const oldest = byDevice.size >= CHALLENGES_MAX ? byDevice.keys().next().value : undefined
    if (oldest !== undefined) byDevice.delete(oldest)
    byDevice.set(mac, given)
    return { mac, 'link-login-only': `${protocol}://${host}/login`, 'chap-id': octal(given.id), 'chap-challenge': octal(given.challenge) }
  })

  app.post('/login', async (request, reply) => {
    const parsed = formBody.safeParse(request.body)
    if (!parsed.success) return await reply.code(422).send({ error: z.prettifyError(parsed.error) })
    const { username, password, mac } = parsed.data
    const given = byDevice.get(mac)
    byDevice.delete(mac)
    const isRight = (known: string): boolean => given !== undefined && password === createHash('md5').update(given.id).update(known).update(given.challenge).digest('hex')
    const outcome = await logins.logIn({ username, password, device: mac, isRight })
    return await reply.code(outcome.ok ? 201 : 403).send(outcome)
  })
}

/** As RouterOS writes bytes into its pages. */
function octal(bytes: Buffer): string {
  return [...bytes].map((byte) => `\\${byte.toString(8).padStart(3, '0')}`).join('')
}
