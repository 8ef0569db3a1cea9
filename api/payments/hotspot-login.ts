/**
 * What a portal page posts to a MikroTik hotspot so that nobody has to type (docs/portal.md). Where the hotspot has given a CHAP challenge
 * (`login-by=http-chap`), the password field is the answer to it: good for that challenge alone, so the password itself is not shown, and the
 * paying browser may ask again when its device has lost the connection.
 */
import { createHash } from 'node:crypto'
import type { Credentials } from '../ports/credentials.ts'

export interface ChapChallenge {
  /** One byte. */
  id: Buffer
  challenge: Buffer
}

/** The form of the hotspot's login page. */
export interface HotspotLogin {
  username: string
  password: string
}

/** RFC 1994, in MikroTik's own login page: hexMD5('$(chap-id)' + password + '$(chap-challenge)'). */
export function loginForm({ username, password }: Credentials, chap: ChapChallenge | undefined): HotspotLogin {
  if (chap === undefined) return { username, password }
  return { username, password: createHash('md5').update(chap.id).update(password).update(chap.challenge).digest('hex') }
}

const CHALLENGE_BYTES = { min: 8, max: 64 }
/** A byte as the hotspot writes it. Any other backslash is a byte that has been read, as one in 256 is. */
const WRITTEN = /\\([0-3][0-7]{2})/g

/**
 * As the hotspot writes bytes into its pages: a backslash and three octal digits each. A page that has had them read by JavaScript
 * sends the bytes themselves, as characters up to 255.
 *
 * @returns undefined for what no hotspot gives
 */
export function readChallenge(id: string, challenge: string): ChapChallenge | undefined {
  const [idBytes, bytes] = [bytesOf(id), bytesOf(challenge)]
  if (idBytes?.length !== 1 || bytes === undefined || bytes.length < CHALLENGE_BYTES.min || bytes.length > CHALLENGE_BYTES.max) return undefined
  return { id: idBytes, challenge: bytes }
}

function bytesOf(text: string): Buffer | undefined {
  const plain = text.replace(WRITTEN, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)))
  return [...plain].some((character) => character > '\u00ff') ? undefined : Buffer.from(plain, 'latin1')
}
