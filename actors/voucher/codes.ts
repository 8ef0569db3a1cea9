/**
 * Voucher codes, derived instead of stored: HMAC-SHA256 with the application key over the batch and the number. What is stored is a
 * keyed hash to find the voucher by, so a stolen database shows no code that works, and a print can be repeated.
 *
 *   XXXX-XXXX-XXXX: eleven symbols of chance and one check symbol.
 *
 * 29 symbols, without vowels (no words), 0 and 1, and what is taken for them. 29^11 = 2^53: with a million vouchers out, one guess in
 * 12 billion hits. The check symbol is a sum modulo 29, a prime, with another weight at each place: it catches every wrong symbol
 * and every two that were swapped, before anybody asks the database.
 */
import { createHmac } from 'node:crypto'

export interface VoucherCodes {
  /** The code of one voucher, as on paper. */
  code(batch: { tenant: string; id: string }, number: number): string
  /** What a code is found by. */
  hash(tenant: string, code: string): string
}

const ALPHABET = '23456789BCDFGHJKLMNPQRSTVWXYZ'
const CHANCE_SYMBOLS = 11
const GROUP = 4
const APP_KEY_BYTES_MIN = 16

/** @throws RangeError for a key so short that codes could be derived by guessing it. */
export function createVoucherCodes(appKey: string | Uint8Array): VoucherCodes {
  if (Buffer.byteLength(appKey) < APP_KEY_BYTES_MIN) throw new RangeError(`the application key must have at least ${APP_KEY_BYTES_MIN} bytes`)
  const keyed = (...parts: readonly string[]): string => createHmac('sha256', appKey).update(parts.join('|')).digest('hex')
  return {
    code({ tenant, id }, number) {
      const chance = spell(keyed('voucher-code', tenant, id, String(number)))
      return grouped(chance + checkSymbol(chance))
    },
    hash: (tenant, code) => keyed('voucher-lookup', tenant, code.replaceAll('-', '')),
  }
}

/** The code as on paper, however it was typed; undefined for what can be none: a slip of the finger. */
export function readCode(typed: string): string | undefined {
  const symbols = typed.toUpperCase().replace(/[\s\-_.]/g, '')
  if (symbols.length !== CHANCE_SYMBOLS + 1 || [...symbols].some((symbol) => !ALPHABET.includes(symbol))) return undefined
  const chance = symbols.slice(0, CHANCE_SYMBOLS)
  return symbols.endsWith(checkSymbol(chance)) ? grouped(symbols) : undefined
}

function checkSymbol(chance: string): string {
  const sum = [...chance].reduce((total, symbol, place) => total + (place + 2) * ALPHABET.indexOf(symbol), 0)
  return ALPHABET.charAt(sum % ALPHABET.length)
}

/** 256 bits spelled in base 29 and cut: the bias of the last symbols is below 2^-200. */
function spell(hex: string): string {
  const base = BigInt(ALPHABET.length)
  let rest = BigInt(`0x${hex}`)
  let text = ''
  while (text.length < CHANCE_SYMBOLS) {
    text += ALPHABET.charAt(Number(rest % base))
    rest /= base
  }
  return text
}

function grouped(symbols: string): string {
  return (symbols.match(new RegExp(`.{1,${GROUP}}`, 'g')) ?? []).join('-')
}
