/**
 * The stored form of a body: readable text wherever it is text. Bytes that are none (a broken encoding, a NUL, which
 * Postgres refuses) are kept as base64, so that nothing that came in is altered or refused.
 */
import { isUtf8 } from 'node:buffer'

const BASE64 = 'base64:'

export function storedBody(bytes: Buffer): string {
  const text = isUtf8(bytes) ? bytes.toString('utf8') : undefined
  return text === undefined || text.includes('\0') || text.startsWith(BASE64) ? BASE64 + bytes.toString('base64') : text
}

/** The bytes as they came. */
export function bodyBytes(stored: string): Buffer {
  return stored.startsWith(BASE64) ? Buffer.from(stored.slice(BASE64.length), 'base64') : Buffer.from(stored)
}
