/**
 * Phones that choose their own outcome, so that everything can be tried with curl alone. README.md has the
 * table for people; this is the same table for the machine, and a test compares the two.
 */
import type { Behaviour } from './behaviours.ts'

/** `25470000CCCC`: the callback brings result code CCCC. */
const RESULT_CODE_PHONE = /^25470000(\d{4})$/
/** `25470001NNNN`: an odd behaviour. */
const ODD_PHONE = /^25470001(\d{4})$/

/** What a magic phone may depend on besides its number. */
export interface PushFacts {
  /** Shillings. */
  amount: number
  /** How many pushes this phone had before. */
  pushesBefore: number
}

const onFirstPush = (facts: PushFacts, push: NonNullable<Behaviour['push']>): Behaviour =>
  facts.pushesBefore % 2 === 0 ? { push } : { push: 'accept' }

export const ODD_PHONES: Readonly<Record<string, (facts: PushFacts) => Behaviour>> = {
  '0001': () => ({ callback: { times: 2 } }),
  '0002': () => ({ callback: { afterMs: 180_000 } }),
  '0003': () => ({ callback: { beforePushAnswer: true } }),
  '0004': () => ({ callback: { never: true } }),
  '0005': ({ amount }) => ({ callback: { amount: amount + 1 } }),
  '0006': () => ({ callback: { phone: '254711111111' } }),
  '0007': () => ({ callback: { never: true }, query: ['being-processed', '4999', 'empty-code', 'response-code-only'] }),
  '0008': () => ({ query: ['failed', 'failed', 'failed', 'failed', 'failed'] }),
  '0009': (facts) => onFirstPush(facts, { error: 'spike-arrest' }),
  '0010': (facts) => onFirstPush(facts, 'token-expired'),
  '0011': () => ({ push: 'timeout-after-accepting' }),
  '0012': () => ({ push: { error: 'wrong-credentials' } }),
  '0013': () => ({ push: 'slow', slowMs: 5_000 }),
  '0014': () => ({ callback: { manual: true } }),
  '0015': () => ({ callback: { dialect: 'texts' } }),
  '0016': () => ({ push: 'reset-after-accepting' }),
  '0017': () => ({ callback: { resultCode: 1037, dialect: 'prefixed' } }),
  '0018': () => ({ callback: [{ resultCode: 1037 }, { afterMs: 20_000 }] }),
  '0019': (facts) => onFirstPush(facts, { error: 'subscriber-locked' }),
  '0020': () => ({ push: 'bad-gateway-after-accepting' }),
  '0021': () => ({ callback: [{}, { again: true, afterMs: 3_000 }] }),
}

/** The behaviour that a phone stands for; undefined for ordinary phones. */
export function magicBehaviour(phone: string, facts: PushFacts): Behaviour | undefined {
  const resultCode = RESULT_CODE_PHONE.exec(phone)?.[1]
  if (resultCode === '4999') return { callback: { never: true }, query: ['4999', '4999'] }
  if (resultCode !== undefined) return { callback: { resultCode: Number(resultCode) } }
  const odd = ODD_PHONE.exec(phone)?.[1]
  return odd === undefined ? undefined : ODD_PHONES[odd]?.(facts)
}
