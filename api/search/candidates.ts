/** What a caller may have meant: the one text they gave, in every normalised form in which identifiers are stored. */
import { normaliseMac } from '../../actors/gateways/mac.ts'
import { normalisePhone } from '../../actors/gateways/phone.ts'

/** Without duplicates; the text as it stands comes first. */
export function searchCandidates(q: string): string[] {
  const text = q.trim()
  const phone = normalisePhone(text)
  const mac = normaliseMac(text)
  return [
    ...new Set([
      text,
      // Receipts and invoice numbers are upper case, names and accounts lower case.
      text.toUpperCase(),
      text.toLowerCase(),
      ...(phone.ok ? [phone.phone] : []),
      ...(mac.ok ? [mac.mac] : []),
    ]),
  ]
}
