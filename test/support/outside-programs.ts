/**
 * All programs of the machine that tests run, in one go: `node --import ./loader/register.js test/support/outside-programs.ts`. `npm test` does
 * it beside the checks, while the cores are busy and the network is not. It must be over before the first test: files that run side by
 * side would be in each other's way, since the package tool fetches its lists for one caller at a time.
 */
import { debianProgram } from './debian-program.ts'
import { FREERADIUS } from './freeradius/programs.ts'

await debianProgram({
  files: ['nats-server', 'redis-server', ...FREERADIUS.files],
  packages: ['nats-server', 'redis-server', ...FREERADIUS.packages],
})
