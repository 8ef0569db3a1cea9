/** The codes of a batch on paper and in a table. */

export interface SheetVoucher {
  number: number
  code: string
  /** `unused`, `redeemed`, `revoked`. */
  state: string
}

export interface SheetBatch {
  name: string
  packageName: string
  expiresAt: number
}

/** RFC 4180. A text that begins like a formula would be run by spreadsheets; a batch may be named by anybody. */
export function csvOf({ name, packageName, expiresAt }: SheetBatch, vouchers: readonly SheetVoucher[]): string {
  const until = new Date(expiresAt).toISOString()
  const lines = vouchers.map(({ number, code, state }) => [String(number), code, state, packageName, until, name].map(cell).join(','))
  return `${['number,code,state,package,valid_until,batch', ...lines].join('\r\n')}\r\n`
}

function cell(text: string): string {
  const safe = /^[=+\-@\t\r]/.test(text) ? `'${text}` : text
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe
}

/** A page to print and cut: no script, nothing from elsewhere. Only those that can still be used. */
export function sheetOf({ name, packageName, expiresAt }: SheetBatch, vouchers: readonly SheetVoucher[]): string {
  const until = new Date(expiresAt).toISOString().slice(0, 10)
  const cards = vouchers
    .filter(({ state }) => state === 'unused')
    .map(({ number, code }) => `<li><b>${escaped(packageName)}</b><code>${escaped(code)}</code><small>valid until ${until} &middot; ${number}</small></li>`)
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Vouchers: ${escaped(name)}</title>
<style>
body { font: 12px/1.4 sans-serif; margin: 8mm }
ul { display: grid; grid-template-columns: repeat(4, 1fr); gap: 0; padding: 0; margin: 0; list-style: none }
li { border: 1px dashed #999; padding: 4mm 2mm; text-align: center; break-inside: avoid }
b, code, small { display: block }
code { font: bold 15px/1.8 monospace; letter-spacing: .04em }
h1 { font-size: 14px } @media print { h1 { display: none } }
</style></head>
<body><h1>${escaped(name)}: ${cards.length} vouchers</h1><ul>
${cards.join('\n')}
</ul></body></html>
`
}

function escaped(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`)
}
