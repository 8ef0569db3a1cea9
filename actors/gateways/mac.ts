/**
 * MAC addresses as routers, phones and people write them, turned into `AA:BB:CC:DD:EE:FF`, the form that
 * RouterOS and our own tables use.
 */

/** `problem`: a sentence to show beside the field. */
export type MacResult = { ok: true; mac: string } | { ok: false; problem: string }

/** `aa:bb:cc:dd:ee:ff`, `AA-BB-…`, `aa bb …`, and groups without their leading zero (`0:1b:…`), with one separator throughout. */
const SIX_GROUPS = /^[0-9a-f]{1,2}([:\- ])[0-9a-f]{1,2}(?:\1[0-9a-f]{1,2}){4}$/
/** `aabb.ccdd.eeff` (Cisco), also with colon or hyphen. */
const THREE_GROUPS = /^[0-9a-f]{4}([.:-])[0-9a-f]{4}\1[0-9a-f]{4}$/
const BARE = /^[0-9a-f]{12}$/

/** Accepts every usual way of writing; refuses all zeros and broadcast, which no device has. */
export function normaliseMac(input: string): MacResult {
  const hex = hexDigits(input.trim().toLowerCase())
  if (hex === undefined) return { ok: false, problem: 'A MAC address has 12 hexadecimal digits, for example AA:BB:CC:DD:EE:FF.' }
  if (/^(0{12}|f{12})$/.test(hex)) return { ok: false, problem: 'This MAC address belongs to no device.' }
  return { ok: true, mac: (hex.toUpperCase().match(/../g) ?? []).join(':') }
}

function hexDigits(text: string): string | undefined {
  if (SIX_GROUPS.test(text)) return text.split(/[:\- ]/).map((group) => group.padStart(2, '0')).join('')
  if (THREE_GROUPS.test(text) || BARE.test(text)) return text.replace(/[.:-]/g, '')
  return undefined
}
