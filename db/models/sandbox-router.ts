/** The router that the sandbox plays, known to RADIUS like any other. */
import type { Knex } from 'knex'

const SHORTNAME = 'sandbox'

export function sandboxRouterQueries(knex: Knex) {
  return {
    /** In place of the one of an earlier start. */
    async keep({ address, secret, coaPort }: { address: string; secret: string; coaPort: number }): Promise<void> {
      await knex.transaction(async (transaction) => {
        await transaction('radius.nas').where({ shortname: SHORTNAME }).delete()
        await transaction('radius.nas').insert({ nasname: address, shortname: SHORTNAME, secret, coa_port: coaPort, description: 'played by the sandbox' })
      })
    },
  }
}
