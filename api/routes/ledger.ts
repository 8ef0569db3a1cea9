/** The ledger, for those who answer for the money: balances of its accounts, and the lines behind them. */
import { z } from 'zod'
import type { App } from '../app-type.ts'
import { cutPage, decodeNumberCursor, decodeTextCursor, encodeCursor } from '../http/cursor.ts'
import type { Ledger } from '../ports/ledger.ts'
import { instant, page, pageQuery } from '../schemas/common.ts'
import { staffProblems } from '../schemas/problem.ts'
import { printable } from '../../machines/printable.ts'

const balance = z
  .object({
    account: z.string(),
    currency: z.string(),
    amount_minor: z.int().describe('debits less credits, in minor units: what an asset holds is positive, what we owe or have earned negative'),
  })
  .meta({ id: 'LedgerBalance' })

const line = z
  .object({
    ref: z.string().describe('of the entry: lines with the same ref sum to zero in each currency'),
    line: z.int(),
    account: z.string(),
    amount_minor: z.int().describe('positive debit, negative credit'),
    currency: z.string(),
    at: z.string(),
    description: z.string(),
    actor: z.object({ type: z.string(), id: z.string() }),
    receipt: z.string().nullable(),
  })
  .meta({ id: 'LedgerLine' })

const entriesQuery = z.strictObject({ ...pageQuery, account: printable(200).min(1).optional(), since: instant.optional() })

export function ledgerRoutes(app: App, ledger: Ledger): void {
  app.get(
    '/ledger/accounts',
    {
      config: { permission: 'ledger' },
      schema: { tags: ['ledger'], summary: 'Balances of the accounts', querystring: z.strictObject(pageQuery), response: { 200: page(balance), ...staffProblems() } },
    },
    async ({ principal, query: { limit, cursor } }) => {
      const rows = await ledger.balances(principal.tenant, { limit: limit + 1, afterAccount: decodeTextCursor('ledger-accounts', cursor) })
      // A page is so many accounts, each with all its currencies.
      const kept = new Set([...new Set(rows.map(({ account }) => account))].slice(0, limit))
      const data = rows.filter(({ account }) => kept.has(account)).map(({ account, currency, amount }) => ({ account, currency, amount_minor: amount }))
      const last = data.at(-1)
      return { data, nextCursor: rows.some(({ account }) => !kept.has(account)) && last !== undefined ? encodeCursor('ledger-accounts', last.account) : null }
    },
  )

  app.get(
    '/ledger/entries',
    {
      config: { permission: 'ledger' },
      schema: { tags: ['ledger'], summary: 'Lines of the ledger, oldest first', querystring: entriesQuery, response: { 200: page(line), ...staffProblems() } },
    },
    async ({ principal, query: { limit, cursor, account, since } }) => {
      const rows = await ledger.lines(principal.tenant, {
        account,
        since: since === undefined ? undefined : Date.parse(since),
        limit: limit + 1,
        afterPosition: decodeNumberCursor('ledger-entries', cursor),
      })
      const { data, nextCursor } = cutPage(rows, limit, ({ position }) => encodeCursor('ledger-entries', position))
      return {
        data: data.map(({ position: _, amount, at, ...row }) => ({ ...row, amount_minor: amount, at: new Date(at).toISOString() })),
        nextCursor,
      }
    },
  )
}
