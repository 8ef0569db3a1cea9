/** The business tables, as queries that the edge and the commands use. */
import type { Knex } from 'knex'
import { apiKeyQueries } from './api-key.ts'
import { hookInboxQueries } from './hook-inbox.ts'
import { openPromptQueries } from './open-prompt.ts'
import { packageQueries } from './package.ts'

export function openBusiness(knex: Knex) {
  return {
    packages: packageQueries(knex),
    apiKeys: apiKeyQueries(knex),
    hookInbox: hookInboxQueries(knex),
    openPrompts: openPromptQueries(knex),
  }
}

export type Business = ReturnType<typeof openBusiness>
