/** The provider's statement: imported as its portal exports it or pulled, and held against the ledger. */
import { z } from 'zod'
import { parseStatement } from '../../actors/gateways/mpesa/statement.ts'
import type { App } from '../app-type.ts'
import { Problem } from '../http/problem.ts'
import { cursorAfter, PERIOD_DAYS_MAX, PERIOD_MS_MAX, placeOf } from '../statements/unexplained-cursor.ts'
import type { Statements } from '../ports/statements.ts'
import { instant, noQuery, wholeNumber } from '../schemas/common.ts'
import { staffProblems } from '../schemas/problem.ts'

const CSV_BYTES_MAX = 8 * 1_024 * 1_024
const ROWS_MAX = 500
const ROWS_DEFAULT = 100
const DAY_MS = 86_400_000
const PERIOD_DAYS = 31

const imported = z
  .object({
    added: z.int().describe('new rows'),
    repeated: z.int().describe('rows that were there already'),
    skipped: z.int().describe('transactions that were not completed'),
    problems: z.array(z.object({ line: z.int(), problem: z.string() })).describe('lines that could not be read; the others were taken'),
  })
  .meta({ id: 'ImportedStatement' })

const unexplained = z
  .object({
    period: z.object({ from: z.string(), to: z.string() }).nullable().describe(`what is compared, both ends included: the last ${PERIOD_DAYS} days that the statements cover unless said; null while there is no statement`),
    covered: z.object({ from: z.string(), to: z.string() }).nullable().describe('all that the statements cover'),
    provider: z.array(
      z.object({
        receipt: z.string(),
        problem: z.enum(['not-in-ledger', 'amount-differs']),
        amount_minor: z.int(),
        ledger_amount_minor: z.int().nullable(),
        currency: z.string(),
        at: z.string(),
        account_reference: z.string().nullable(),
        details: z.string().nullable(),
      }),
    ),
    ours: z.array(
      z.object({
        receipt: z.string().nullable(),
        problem: z.enum(['not-in-statement', 'receipt-unknown']),
        amount_minor: z.int(),
        currency: z.string(),
        at: z.string(),
        description: z.string(),
        actor: z.object({ type: z.string(), id: z.string() }),
      }),
    ),
    hasMore: z.boolean().describe('there is more of this period'),
    nextCursor: z.string().nullable().describe('goes on with it; null at its end'),
  })
  .meta({ id: 'UnexplainedMoney' })

const time = (at: number): string => new Date(at).toISOString()
const timesOf = (span: { from: number; to: number } | null) => (span === null ? null : { from: time(span.from), to: time(span.to) })

const unexplainedQuery = z
  .strictObject({
    from: instant.optional(),
    to: instant.optional(),
    limit: wholeNumber(1, ROWS_MAX).default(ROWS_DEFAULT).describe('rows of each side'),
    cursor: z.string().max(1_000).optional().describe('`nextCursor` of the page before, whose period counts then'),
  })
  .refine(({ from, to }) => from === undefined || to === undefined || Date.parse(to) - Date.parse(from) <= PERIOD_MS_MAX, { path: ['to'], message: `must be ${PERIOD_DAYS_MAX} days after from at most: walk through a longer time in parts` })

/** @param onImported told when days are to be matched */
export function statementRoutes(app: App, statements: Statements, now: () => number, onImported: () => void): void {
  // Here a statement is the only form that is taken.
  app.removeAllContentTypeParsers()
  app.addContentTypeParser('text/csv', { parseAs: 'string', bodyLimit: CSV_BYTES_MAX }, (_request, body, done) => done(null, body))

  app.post(
    '/statements',
    {
      bodyLimit: CSV_BYTES_MAX,
      config: { permission: 'money', audited: 'change' },
      schema: {
        tags: ['ledger'],
        summary: "Import a statement: the CSV file of M-Pesa's portal",
        description: 'Content type `text/csv`. The same rows again change nothing. The days that the file tells of are matched with the ledger right after, as the days of the list of M-Pesa are: `reconciliation.dayMatched` of `reconciliation/mpesa` tells what is not explained.',
        querystring: noQuery,
        consumes: ['text/csv'],
        body: z.string(),
        response: { 200: imported, ...staffProblems('payload-too-large', 'unsupported-media-type') },
      },
    },
    async ({ principal, body }) => {
      const { rows, skipped, problems } = parseStatement(body, now())
      if (rows.length === 0 && problems.length > 0) throw new Problem('invalid-input', 'This is no statement of M-Pesa.', { errors: problems.map(({ line, problem }) => ({ pointer: `/${line}`, detail: problem })) })
      // A file may list a row twice; the table takes it once.
      const { added } = await statements.add(principal.tenant, rows, { source: 'csv', by: principal.by, at: now() })
      onImported()
      return { added, repeated: rows.length - added, skipped, problems }
    },
  )

  app.get(
    '/statements/unexplained',
    {
      config: { permission: 'ledger' },
      schema: {
        tags: ['ledger'],
        summary: 'Money that the statement and the ledger do not both know',
        description: `Compared by receipt, over the last ${PERIOD_DAYS} days that the statements cover unless said; with \`from\` alone over the ${PERIOD_DAYS} days that begin there, with \`to\` alone over those that end there, and over ${PERIOD_DAYS_MAX} at most. \`covered\` tells the whole time that may be walked through. Oldest first. Charges are left out. At the ends of the period a payment may stand on one side only, as it is booked when we hear of it. Where the list of M-Pesa is pulled, its rows count as statement, too: then money in of ours is missed only in time that the list or a file covers, money out only in time that files cover; a file covers what lies between two of its rows that are a week apart at most.`,
        querystring: unexplainedQuery,
        response: { 200: unexplained, ...staffProblems() },
      },
    },
    async ({ principal, query: { from, to, limit, cursor } }) => {
      const place = placeOf(cursor)
      const asked = place?.period ?? { from: from === undefined ? undefined : Date.parse(from), to: to === undefined ? undefined : Date.parse(to) }
      const found = await statements.unexplained(principal.tenant, { ...asked, periodMs: PERIOD_DAYS * DAY_MS, limit, after: place?.after })
      return {
        period: timesOf(found.period),
        covered: timesOf(found.covered),
        provider: found.provider.map(({ amount, ledgerAmount, at, accountReference, ...row }) => ({
          ...row,
          problem: ledgerAmount === null ? ('not-in-ledger' as const) : ('amount-differs' as const),
          amount_minor: amount,
          ledger_amount_minor: ledgerAmount,
          account_reference: accountReference,
          at: time(at),
        })),
        ours: found.ours.map(({ position: _, amount, at, ...row }) => ({ ...row, problem: row.receipt === null ? ('receipt-unknown' as const) : ('not-in-statement' as const), amount_minor: amount, at: time(at) })),
        hasMore: found.hasMore,
        nextCursor: cursorAfter(found, place?.after),
      }
    },
  )
}
