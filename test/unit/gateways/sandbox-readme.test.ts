/** The tables of sandbox/README.md are what people try; they must be what the stand-ins do. */
import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { magicBehaviour, ODD_PHONES } from '../../../sandbox/daraja/magic.ts'
import { magicSms, ODD_SMS_PHONES } from '../../../sandbox/sms/magic.ts'

const readme = readFileSync(new URL('../../../sandbox/README.md', import.meta.url), 'utf8')
const documented = [...readme.matchAll(/^\| (2547\d{8}) \|/gm)].map((match) => match[1] ?? '')

test('every odd phone is documented, and every documented phone does something', () => {
  const odd = [...Object.keys(ODD_PHONES).map((end) => `25470001${end}`), ...Object.keys(ODD_SMS_PHONES).map((end) => `254700021${end}`)]
  expect(documented.filter((phone) => !phone.startsWith('25470000'))).toEqual(odd)
  for (const phone of documented) expect(magicBehaviour(phone, { amount: 10, pushesBefore: 0 }) ?? magicSms(phone)).toBeDefined()
})

test('ordinary phones are ordinary', () => {
  for (const phone of ['254708374149', '254712345678', '254110123456', '254700019999']) {
    expect(magicBehaviour(phone, { amount: 10, pushesBefore: 0 })).toBeUndefined()
    expect(magicSms(phone)).toBeUndefined()
  }
})
