import type { TimerRow } from '../../../runtime/model/records.ts'
import { number, text, time, type Column } from '../columns.ts'
import { ADDRESS, insertInto, ofEach, SLICE, type Section } from '../section.ts'

/** R6: gone in the transaction of the step they cause. */
export const timersCleared: Section<string> = {
  name: 'timers_cleared',
  columns: [...ADDRESS, text('timer_id', (id) => id)],
  exact: false,
  sql: (source) => `
    delete from standing.timers t using ${source}
    where t.tenant = n.tenant and t.type = n.type and t.id = n.id and t.timer_id = n.timer_id`,
  collect: (batch) => ofEach(batch, (commit) => commit.timersCleared),
}

const COLUMNS: readonly Column<TimerRow>[] = [
  ...ADDRESS,
  SLICE,
  text('timer_id', (timer) => timer.id),
  time('due_at', (timer) => timer.dueAt),
  time('armed_at', (timer) => timer.armedAt),
  number('armed_seq', 'bigint', (timer) => timer.armedSeq),
  text('action', (timer) => timer.action),
]

/** Replaces in place: a delete and an insert of one row have no order in one statement. */
export const timersSet: Section<TimerRow> = {
  name: 'timers_set',
  columns: COLUMNS,
  exact: false,
  sql: (source, value) => `${insertInto('timers', COLUMNS, source, value)}
    on conflict (tenant, type, id, timer_id) do update
    set due_at = excluded.due_at, armed_at = excluded.armed_at, armed_seq = excluded.armed_seq, action = excluded.action`,
  collect: (batch) => ofEach(batch, (commit) => commit.timersSet),
}
