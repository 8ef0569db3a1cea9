/** Positions in the order of facts, as text that travels through clients: `<epoch>.<order>.<time>`, the numbers in base 36. */

export interface Position {
  epoch: string
  order: number
  /** When the fact happened, in milliseconds: by it the journal is read when the order is not known any more. */
  at: number
}

/** Of a fact that was read from the journal: it has a time only. */
export const JOURNAL_EPOCH = 'journal'

const POSITION = /^([A-Za-z0-9_-]{1,64})\.([0-9a-z]{1,11})\.([0-9a-z]{1,11})$/

export function positionOf({ epoch, order, at }: Position): string {
  return `${epoch}.${order.toString(36)}.${Math.max(0, Math.floor(at)).toString(36)}`
}

/** Undefined when it is none of ours. */
export function parsePosition(text: string): Position | undefined {
  const [, epoch, order, at] = POSITION.exec(text) ?? []
  if (epoch === undefined || order === undefined || at === undefined) return undefined
  return { epoch, order: Number.parseInt(order, 36), at: Number.parseInt(at, 36) }
}
