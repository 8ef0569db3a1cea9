/**
 * The statement of the organisation's account, as Safaricom's portal exports it (CSV). Above the table stand lines about the
 * organisation; the table begins with its column names. Columns are found by name, as their order has changed.
 *
 * Receipt No.,Completion Time,Initiation Time,Details,Transaction Status,Paid In,Withdrawn,Balance,Balance Confirmed,Reason Type,Other Party Info,Linked Transaction ID,A/C No.
 */
import { parse } from 'csv-parse/sync'
import { parseMinorUnits } from '../money.ts'
import { parseNairobi } from './timestamp.ts'

export interface StatementRow {
  receipt: string
  /** A charge has the receipt of what it was charged for. */
  kind: 'paid-in' | 'withdrawn' | 'charge'
  /** Minor units; negative for what left the account. */
  amount: number
  currency: 'KES'
  /** RFC 3339. */
  at: string
  accountReference: string | null
  details: string | null
}

/** `problems` name the line, counted from 1 in the file. */
export interface StatementReading {
  rows: StatementRow[]
  /** Lines of transactions that were not completed: no money moved. */
  skipped: number
  problems: { line: number; problem: string }[]
}

const TEXT_CHARS_MAX = 300
const PROBLEMS_MAX = 50
/** M-Pesa was launched on 6 March 2007. */
const FIRST_MS = Date.UTC(2007, 2, 6)
/** So far may two clocks, or the zone that a file was exported in, be apart. */
const CLOCKS_MS = 86_400_000

interface Line {
  record: string[]
  info: { lines: number }
}

/** @param now milliseconds since the epoch: nothing can have been completed later */
export function parseStatement(csv: string, now: number): StatementReading {
  let lines: Line[]
  try {
    lines = parse(csv, { bom: true, info: true, relax_column_count: true, relax_quotes: true, skip_empty_lines: true, trim: true }) as unknown as Line[]
  } catch {
    return { rows: [], skipped: 0, problems: [{ line: 1, problem: 'not a CSV file' }] }
  }
  const head = lines.findIndex(({ record }) => record.some((cell) => nameOf(cell) === 'receiptno'))
  const columns = (lines[head]?.record ?? []).map(nameOf)
  const missing = ['receiptno', 'completiontime', 'paidin', 'withdrawn'].filter((name) => !columns.includes(name))
  if (head === -1 || missing.length > 0) return { rows: [], skipped: 0, problems: [{ line: lines[head]?.info.lines ?? 1, problem: 'the columns Receipt No., Completion Time, Paid In and Withdrawn are needed' }] }

  const reading: StatementReading = { rows: [], skipped: 0, problems: [] }
  for (const { record, info } of lines.slice(head + 1)) {
    const row = readRow((name) => record[columns.indexOf(name)] ?? '', now + CLOCKS_MS)
    if (row === 'skipped') reading.skipped++
    else if ('problem' in row) {
      if (reading.problems.length < PROBLEMS_MAX) reading.problems.push({ line: info.lines, problem: row.problem })
    } else reading.rows.push(row)
  }
  return reading
}

function readRow(cell: (name: string) => string, latest: number): StatementRow | 'skipped' | { problem: string } {
  const status = cell('transactionstatus')
  if (status !== '' && !/^completed$/i.test(status)) return 'skipped'
  const receipt = cell('receiptno').toUpperCase()
  if (!/^[A-Z0-9]{6,20}$/.test(receipt)) return { problem: 'the receipt is none' }
  const at = momentOf(cell('completiontime'))
  if (at === undefined) return { problem: 'the completion time is no moment' }
  // Such a row would stretch what the statements cover.
  if (Date.parse(at) < FIRST_MS) return { problem: 'the completion time is before there was M-Pesa' }
  if (Date.parse(at) > latest) return { problem: 'the completion time is still to come' }
  const [paidIn, withdrawn] = [amountOf(cell('paidin')), amountOf(cell('withdrawn').replace(/^-/, ''))]
  if (paidIn === undefined || withdrawn === undefined || (paidIn === 0) === (withdrawn === 0)) return { problem: 'exactly one of Paid In and Withdrawn must be an amount' }
  const details = cell('details')
  const isCharge = /\bcharge\b/i.test(`${details} ${cell('reasontype')}`)
  return {
    receipt,
    kind: isCharge ? 'charge' : paidIn > 0 ? 'paid-in' : 'withdrawn',
    amount: paidIn > 0 ? paidIn : -withdrawn,
    currency: 'KES',
    at,
    accountReference: plain(cell('acno')),
    details: plain(details),
  }
}

/** `Receipt No.` and `receipt no` are one name. */
function nameOf(cell: string): string {
  return cell.toLowerCase().replace(/[^a-z]/g, '')
}

/** Empty is zero; thousands may be parted by commas. Only what is withdrawn may carry a minus. */
function amountOf(cell: string): number | undefined {
  return cell === '' ? 0 : parseMinorUnits(cell.replaceAll(',', ''))
}

/** `2026-01-01 10:20:30` or `01-01-2026 10:20:30`, in Nairobi. */
function momentOf(cell: string): string | undefined {
  const [, day, month, year, rest] = /^(\d{2})[-/.](\d{2})[-/.](\d{4})\s+(.*)$/.exec(cell) ?? []
  const text = year === undefined ? cell : `${year}${month ?? ''}${day ?? ''}${rest ?? ''}`
  return parseNairobi(text.replace(/\D/g, ''))
}

function plain(cell: string): string | null {
  const text = cell.replace(/[\p{Cc}\p{Cs}]/gu, ' ').trim().slice(0, TEXT_CHARS_MAX)
  return text === '' ? null : text
}
