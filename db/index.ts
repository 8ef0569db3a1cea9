/** The public face of the database. */
export { createKnex, createPool, type ConnectionOptions } from './connection.ts'
export { latestMoment } from './latest-moment.ts'
export { migrate, MigrationRefusedError } from './migrate.ts'
export { openBusiness, type Business } from './models/index.ts'
export { openDatabase, type OpenDatabase, type OpenOptions } from './open.ts'
export { keepSecret } from './secret.ts'
export { postgresStore, type PostgresStoreOptions } from './store/index.ts'
