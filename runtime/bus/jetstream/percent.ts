/** Percent-encoding of what a header or a subject cannot hold: each byte of its UTF-8 as `%` and two hex digits. */
export function percentEncoded(text: string, plain: RegExp): string {
  if (plain.test(text)) return text
  let encoded = ''
  for (const character of text) {
    if (plain.test(character)) encoded += character
    else for (const byte of Buffer.from(character)) encoded += `%${byte.toString(16).toUpperCase().padStart(2, '0')}`
  }
  return encoded
}
