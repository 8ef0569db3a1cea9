/**
 * What turns FreeRADIUS's tables into access that is kept and counted: docs/adr/0012-accounting-in-the-database.md says why here.
 * The rules stand in functions and triggers of the schema, so that a FreeRADIUS that talks SQL and one that asks our API (rlm_rest)
 * cannot come to different results. Functions act with the rights of their owner: FreeRADIUS's own role needs few.
 */
import type { Migration } from '../migration.ts'
import { ACCESS_BEFORE, ACCESS_TABLES, LOGIN_RULES } from './0007-radius-accounting/logins.ts'
import { ACCOUNTING_RULES } from './0007-radius-accounting/usage.ts'

export const radiusAccounting: Migration = {
  name: '0007-radius-accounting',
  async up(knex) {
    await knex.raw(ACCESS_TABLES)
    await knex.raw(ACCOUNTING_RULES)
    await knex.raw(LOGIN_RULES)
    await knex.raw(ACCESS_BEFORE)
  },
}
