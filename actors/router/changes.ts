/** What it takes to bring a router from what it has to what is wanted. Pure, so that a dry run tells what an apply would do. */
import type { RouterRecord } from '../gateways/routeros/port.ts'
import type { Wanted } from './wanted.ts'

export type RouterChange =
  | { do: 'add'; menu: string; fields: RouterRecord }
  | { do: 'change'; menu: string; id: string | null; comment: string | null; fields: Readonly<Record<string, { from: string | null; to: string }>> }
  | { do: 'remove'; menu: string; id: string; fields: RouterRecord }

/** What stands in these lists has no order. */
const UNORDERED: ReadonlySet<string> = new Set(['login-by'])

/** @param has every wanted menu as it is on the router */
export function changesTo(wanted: readonly Wanted[], has: ReadonlyMap<string, readonly RouterRecord[]>): RouterChange[] {
  return wanted.flatMap((part) => {
    const records = has.get(part.menu) ?? []
    switch (part.kind) {
      case 'single':
        return changeOf(part.menu, records[0] ?? {}, part.fields, null)
      case 'named': {
        const record = records.find(({ name }) => name === part.name)
        return record === undefined ? [{ do: 'add', menu: part.menu, fields: { name: part.name, ...part.fields } }] : changeOf(part.menu, record, part.fields, record['.id'] ?? null)
      }
      case 'records':
        return recordChanges(part, records)
    }
  })
}

function recordChanges({ menu, mark, records, keyOf = (comment) => comment }: Extract<Wanted, { kind: 'records' }>, existing: readonly RouterRecord[]): RouterChange[] {
  const ours = existing.filter(({ comment }) => comment?.startsWith(mark))
  const kept = new Set<RouterRecord>()
  const needed = records.flatMap(({ comment, fields, onAdd }): RouterChange[] => {
    const record = ours.find((one) => keyOf(one['comment'] ?? '') === keyOf(comment))
    if (record === undefined) return [{ do: 'add', menu, fields: { ...fields, ...onAdd, comment } }]
    kept.add(record)
    return changeOf(menu, record, { ...fields, comment }, record['.id'] ?? null)
  })
  // A second one of the same comment, as an add leaves behind whose answer was lost, is one too many.
  const leftOver = ours.filter((record) => !kept.has(record))
  return [...needed, ...leftOver.map(({ '.id': id = '', ...fields }): RouterChange => ({ do: 'remove', menu, id, fields }))]
}

function changeOf(menu: string, record: RouterRecord, wanted: RouterRecord, id: string | null): RouterChange[] {
  const differing = Object.entries(wanted).filter(([name, to]) => !isSame(name, record[name], to))
  if (differing.length === 0) return []
  const fields = Object.fromEntries(differing.map(([name, to]) => [name, { from: record[name] ?? null, to }]))
  return [{ do: 'change', menu, id, comment: record['comment'] ?? null, fields }]
}

function isSame(name: string, has: string | undefined, wanted: string): boolean {
  // RouterOS does not show a limit that is none.
  if (has === undefined && name.startsWith('limit-')) return wanted === '0'
  if (has === undefined || !UNORDERED.has(name)) return has === wanted
  return sorted(has) === sorted(wanted)
}

function sorted(list: string): string {
  return list.split(',').sort().join()
}
