/** The reverse of cloud-event.ts: a fact as the stream holds it. */
import type { JsMsg } from 'nats'
import { parseAddressKey } from '../../model/address.ts'
import type { Fact } from '../../model/messages.ts'
import { decoded } from './cloud-event.ts'

const KEY = /^([^/]+\/[^/]+\/[^/]+)\/(\d{1,15})\/\d{1,15}$/

/** Undefined for what others have put there. */
export function factOf(message: JsMsg): Fact | undefined {
  const attribute = (name: string): string => decoded(message.headers?.get(`ce-${name}`) ?? '')
  const key = attribute('id')
  const type = attribute('type')
  const at = Date.parse(attribute('time'))
  const [, actor, seq] = KEY.exec(key) ?? []
  if (actor === undefined || seq === undefined || type === '' || Number.isNaN(at)) return undefined
  const data = dataOf(message)
  if (data === undefined) return undefined
  return { key, address: parseAddressKey(actor), seq: Number(seq), type, data, at, correlationId: attribute('correlationid'), causationId: attribute('causationid') }
}

function dataOf(message: JsMsg): Fact['data'] | undefined {
  try {
    const data: unknown = message.json()
    return typeof data === 'object' && data !== null && !Array.isArray(data) ? (data as Fact['data']) : undefined
  } catch {
    return undefined
  }
}
