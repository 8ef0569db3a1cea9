/** Access tokens, issued and judged. */
import { randomBytes } from 'node:crypto'
import { refusal, type Answer } from './answers.ts'

export interface Tokens {
  /** The body of `GET /oauth/v1/generate`; undefined if the Basic credentials are wrong. */
  issue(authorization: string | undefined): { access_token: string; expires_in: string } | undefined
  /** Undefined if the Bearer token is good. */
  judge(authorization: string | undefined, requestId: string): Answer | undefined
  /** Ends every token that is out. */
  expireAll(): void
  /** How many were issued; lets tests see single flight. */
  issued(): number
}

export interface TokenRules {
  consumerKey: string
  consumerSecret: string
  lifeSeconds: number
  clock: () => number
}

const TOKENS_MAX = 1_000

export function createTokens(rules: TokenRules): Tokens {
  const expiresAt = new Map<string, number>()
  const basic = `Basic ${Buffer.from(`${rules.consumerKey}:${rules.consumerSecret}`).toString('base64')}`
  let issued = 0
  return {
    issue(authorization) {
      if (authorization !== basic) return undefined
      const token = randomBytes(21).toString('base64url')
      expiresAt.set(token, rules.clock() + rules.lifeSeconds * 1000)
      issued += 1
      const [oldest] = expiresAt.keys()
      if (expiresAt.size > TOKENS_MAX && oldest !== undefined) expiresAt.delete(oldest)
      // Text, as Daraja sends it.
      return { access_token: token, expires_in: String(rules.lifeSeconds) }
    },
    judge(authorization, requestId) {
      const token = /^Bearer (\S+)$/.exec(authorization ?? '')?.[1]
      if (token === undefined) return refusal('auth-header', requestId)
      return (expiresAt.get(token) ?? -Infinity) > rules.clock() ? undefined : refusal('token-404', requestId)
    },
    expireAll: () => { expiresAt.clear() },
    issued: () => issued,
  }
}
