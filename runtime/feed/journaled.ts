/** A journal row's facts, as they were published. */
import type { Address } from '../model/address.ts'
import type { Fact } from '../model/messages.ts'
import type { JournalRow } from '../model/records.ts'

export function factsOf(address: Address, { seq, at, facts, correlationId, eventId }: Pick<JournalRow, 'seq' | 'at' | 'facts' | 'correlationId' | 'eventId'>): Fact[] {
  if (facts === null) return []
  return (JSON.parse(facts) as { key: string; type: string }[]).map(({ key, type, ...data }) => ({ key, address, seq, type, data, at, correlationId, causationId: eventId }))
}
