/** What a portal page needs to log its device in at the hotspot (docs/portal.md). */
import { z } from 'zod'
import { readChallenge, type ChapChallenge } from '../payments/hotspot-login.ts'

const WRITTEN_CHARS_MAX = 256
const written = (name: string) => z.string().max(WRITTEN_CHARS_MAX).nullish().describe(`\`$(${name})\` of the hotspot, as it writes it, such as \`\\357\\015\`; empty where it has none`)

/** Of any body that may bring a challenge. */
export const challengeFields = { chap_id: written('chap-id'), chap_challenge: written('chap-challenge') }

export const loginBody = z.strictObject(challengeFields)

export const hotspotLoginSchema = z
  .object({ username: z.string(), password: z.string().describe('the answer to the challenge, 32 hexadecimal digits; the password itself where there was none') })
  .describe('fields to post to `$(link-login-only)`')
  .meta({ id: 'HotspotLogin' })

type ChallengeBody = { [Name in keyof typeof challengeFields]?: string | null | undefined }

/** What is wrong with it, or the challenge; undefined where the hotspot has none. */
export function challengeIn({ chap_id: id, chap_challenge: challenge }: ChallengeBody): { ok: true; chap: ChapChallenge | undefined } | { ok: false; errors: { pointer: string; detail: string }[] } {
  if ((id ?? '') === '' && (challenge ?? '') === '') return { ok: true, chap: undefined }
  const chap = readChallenge(id ?? '', challenge ?? '')
  return chap === undefined ? { ok: false, errors: [{ pointer: '/chap_challenge', detail: 'is, with `chap_id`, no challenge of a hotspot: send both as it writes them' }] } : { ok: true, chap }
}
