import type { Wanted } from '../debian-program.ts'

/** Where the packages put the configuration that ours is made of. */
export const CONFIGURATION = '/etc/freeradius/3.0'

/** The server, its modules for both ways of docs/freeradius.md, and the program that plays a router. */
export const FREERADIUS: Wanted = {
  files: ['freeradius', 'radclient', '/usr/lib/freeradius/rlm_sql_postgresql.so', '/usr/lib/freeradius/rlm_rest.so', `${CONFIGURATION}/radiusd.conf`],
  packages: ['freeradius', 'freeradius-postgresql', 'freeradius-rest', 'freeradius-utils'],
}
