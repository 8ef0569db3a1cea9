/**
 * What may be wrong with a callback address before Safaricom says so, or silently never calls it.
 * Warnings, not errors: a sandbox on loopback is right to use plain HTTP.
 */

/** Refused in C2B registration and reported for STK too (pesafy docs; safaricom/LNMOnlineAndroidSample threads). */
const REFUSED_WORDS = ['mpesa', 'safaricom', 'exec', 'exe', 'cme', 'cmd', 'sql', 'query']

const PRIVATE_HOST = /^(localhost|127\.|10\.|192\.168\.|172\.(1[6-9]|2\d|3[01])\.|169\.254\.|0\.0\.0\.0|\[?::1\]?$|\[?f[cd])/i

/** Whether a part of an address that we make ourselves would have to be made anew. */
export function holdsRefusedWord(text: string): boolean {
  const lower = text.toLowerCase()
  return REFUSED_WORDS.some((word) => lower.includes(word))
}

/** Sentences for the start-up log; empty if nothing is suspicious. Never includes the address itself: its path holds the hook secret. */
export function callbackUrlWarnings(url: string): string[] {
  if (!URL.canParse(url)) return ['the callback address is not a URL']
  const { protocol, hostname, pathname, search } = new URL(url)
  const warnings: string[] = []
  if (protocol !== 'https:') warnings.push('the callback address is not https; Safaricom calls only https')
  if (PRIVATE_HOST.test(hostname)) warnings.push('the callback address is private; Safaricom cannot reach it')
  const words = REFUSED_WORDS.filter((word) => `${hostname}${pathname}${search}`.toLowerCase().includes(word))
  if (words.length > 0) warnings.push(`the callback address contains ${words.map((word) => `"${word}"`).join(', ')}, which Safaricom may refuse`)
  return warnings
}
