/**
 * How many SMS a text costs. In the GSM-7 alphabet (3GPP TS 23.038) one message holds 160 septets, or 153
 * each when it is split; a single character outside it turns the whole text to UCS-2 with 70 or 67 units.
 */

export interface SmsSize {
  encoding: 'GSM-7' | 'UCS-2'
  segments: number
  /** Septets or UTF-16 units. */
  units: number
}

const BASIC = new Set(
  '@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !"#¤%&\'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà',
)
/** Reached by an escape, so two septets each, which a split never separates. */
const EXTENDED = new Set('^{}\\[~]|€\f')

export function measureSms(text: string): SmsSize {
  // By code point: a character beyond the basic plane is two units that a split must not separate.
  const characters = [...text]
  const isGsm = characters.every((character) => BASIC.has(character) || EXTENDED.has(character))
  const sizes = characters.map((character) => (isGsm ? (EXTENDED.has(character) ? 2 : 1) : character.length))
  const units = sizes.reduce((sum, size) => sum + size, 0)
  const [single, split] = isGsm ? [160, 153] : [70, 67]
  return { encoding: isGsm ? 'GSM-7' : 'UCS-2', units, segments: units <= single ? 1 : countSplit(sizes, split) }
}

function countSplit(sizes: readonly number[], perSegment: number): number {
  let segments = 1
  let used = 0
  for (const size of sizes) {
    if (used + size > perSegment) {
      segments += 1
      used = 0
    }
    used += size
  }
  return segments
}
